using System.Globalization;
using System.Net;
using System.Net.Sockets;
using Orleans.Configuration;

namespace KadOrleans.Server;

// Refuses ports that another process listens on. Orleans sets the option to share ports. So a silo could start at the address of
// a live one, and the cluster would declare the live one dead.
internal static class PortCheck
{
    public static void Run(IServiceProvider services, PortClaim claim)
    {
        var endpoints = services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        Run(claim, "Kad:Silo:Port", endpoints.SiloListeningEndpoint ?? new IPEndPoint(endpoints.AdvertisedIPAddress, endpoints.SiloPort));
        if (GatewayExposure.Find(endpoints) is { } gateway)
        {
            Run(claim, "Kad:Silo:GatewayPort", gateway);
        }
    }

    private static void Run(PortClaim claim, string setting, IPEndPoint endpoint)
    {
        if (!claim.TryTake(endpoint))
        {
            throw Taken(setting, endpoint);
        }

        // Without Orleans' option to share the port.
        using var listener = new TcpListener(endpoint);
        try
        {
            listener.Start();
        }
        catch (SocketException e)
        {
            throw e.SocketErrorCode == SocketError.AddressAlreadyInUse ? Taken(setting, endpoint) : KadSettings.Mistake(string.Create(
                CultureInfo.InvariantCulture, $"{setting} is {endpoint.Port}, and {endpoint} cannot be listened on: {e.Message.TrimEnd('.')}."));
        }
    }

    private static OptionsValidationException Taken(string setting, IPEndPoint endpoint) => KadSettings.Mistake(string.Create(
        CultureInfo.InvariantCulture,
        $"{setting} is {endpoint.Port}, and another process listens on {endpoint}; a free port is needed, or 0 for any."));
}

// Reserves endpoints for this silo until it is disposed. A port check alone would let two silos pass that start at the same time,
// as Orleans shares its ports. A reservation is an abstract Unix socket address. Only one process of a network namespace can have
// it, and it ends with the process. Only Linux has such addresses; elsewhere each claim succeeds.
internal sealed class PortClaim : IDisposable
{
    private readonly List<Socket> _held = [];

    public bool TryTake(IPEndPoint endpoint)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // The first character makes the address abstract: it creates no file.
            socket.Bind(new UnixDomainSocketEndPoint($"\0kad-silo {endpoint}"));
            _held.Add(socket);
            return true;
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            socket.Dispose();
            return false;
        }
    }

    public void Dispose() => _held.ForEach(socket => socket.Dispose());
}

/// <summary>Warns of a gateway that other machines reach and that has no edge key.</summary>
internal static class GatewayExposure
{
    public static void Warn(IServiceProvider services)
    {
        if (Find(services.GetRequiredService<IOptions<EndpointOptions>>().Value) is { } gateway
            && IsOpen(gateway, services.GetRequiredService<IOptions<KadClusterOptions>>().Value.EdgeKey))
        {
            SiloLog.GatewayOpen(services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(GatewayExposure)), gateway, EdgeKey.Setting);
        }
    }

    /// <summary>The endpoint where a silo listens for clients. Null if it does not.</summary>
    public static IPEndPoint? Find(EndpointOptions endpoints) => endpoints.GatewayListeningEndpoint
        ?? (endpoints.GatewayPort == 0 ? null : new IPEndPoint(endpoints.AdvertisedIPAddress, endpoints.GatewayPort));

    /// <summary>Whether other machines may call what only edges should.</summary>
    public static bool IsOpen(IPEndPoint gateway, string? edgeKey) => !IPAddress.IsLoopback(gateway.Address) && string.IsNullOrEmpty(edgeKey);
}
