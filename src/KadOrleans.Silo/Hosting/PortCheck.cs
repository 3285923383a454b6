using KadOrleans.Grains.Abstractions.Access;
using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.Options;
using Orleans.Configuration;
using System.Globalization;
using System.Net;
using System.Net.Sockets;
using KadOrleans.Hosting.Settings;

namespace KadOrleans.Silo.Hosting;

/// <summary>
/// Finds ports that another process listens on. Orleans shares its ports with any process that does the same, and a silo that
/// starts at the address of a live one has that one declared dead.
/// </summary>
internal static class PortCheck
{
    /// <summary>Claims both ports of the silo and checks them.</summary>
    /// <param name="services">The silo's.</param>
    /// <param name="claim">What holds the ports against silos that begin at the same time.</param>
    /// <exception cref="OptionsValidationException">One is taken.</exception>
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

        // Without the option to share it, which Orleans sets.
        using var listener = new TcpListener(endpoint);
        try
        {
            listener.Start();
        }
        catch (SocketException e) when (e.SocketErrorCode == SocketError.AddressAlreadyInUse)
        {
            throw Taken(setting, endpoint);
        }
        catch (SocketException e)
        {
            throw KadSection.Mistake(string.Create(
                CultureInfo.InvariantCulture, $"{setting} is {endpoint.Port}, and {endpoint} cannot be listened on: {e.Message.TrimEnd('.')}."));
        }
    }

    private static OptionsValidationException Taken(string setting, IPEndPoint endpoint) => KadSection.Mistake(string.Create(
        CultureInfo.InvariantCulture,
        $"{setting} is {endpoint.Port}, and another process listens on {endpoint}; a free port is needed, or 0 for any."));
}

/// <summary>
/// Endpoints that are this silo's, for as long as this lives: a check alone cannot tell two silos apart that begin at once, as Orleans
/// shares its ports. Each is an abstract address of a Unix socket, which one process has and which ends with it; as with ports, silos
/// of one network namespace meet there. Other systems than Linux have no such addresses; there each claim succeeds.
/// </summary>
internal sealed class PortClaim : IDisposable
{
    private readonly List<Socket> _held = [];

    /// <summary>Claims an endpoint; false if another silo has it.</summary>
    public bool TryTake(IPEndPoint endpoint)
    {
        if (!OperatingSystem.IsLinux())
        {
            return true;
        }

        var socket = new Socket(AddressFamily.Unix, SocketType.Stream, ProtocolType.Unspecified);
        try
        {
            // The first character makes it abstract: no file is made.
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

/// <summary>Warns of a gateway that other machines reach and that tells edges from no other client.</summary>
internal static class GatewayExposure
{
    /// <summary>Warns once, if the silo is such a one.</summary>
    public static void Warn(IServiceProvider services)
    {
        if (Find(services.GetRequiredService<IOptions<EndpointOptions>>().Value) is { } gateway
            && IsOpen(gateway, services.GetRequiredService<IOptions<KadClusterOptions>>().Value.EdgeKey))
        {
            SiloLog.GatewayOpen(services.GetRequiredService<ILoggerFactory>().CreateLogger(typeof(GatewayExposure)), gateway, EdgeKey.Setting);
        }
    }

    /// <summary>Where a silo listens for clients; null if it does not.</summary>
    public static IPEndPoint? Find(EndpointOptions endpoints) => endpoints.GatewayListeningEndpoint
        ?? (endpoints.GatewayPort == 0 ? null : new IPEndPoint(endpoints.AdvertisedIPAddress, endpoints.GatewayPort));

    /// <summary>Whether other machines may call what is the edges' alone.</summary>
    public static bool IsOpen(IPEndPoint gateway, string? edgeKey) => !IPAddress.IsLoopback(gateway.Address) && string.IsNullOrEmpty(edgeKey);
}
