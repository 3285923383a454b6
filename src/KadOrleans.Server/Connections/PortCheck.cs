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
        var given = services.GetRequiredService<KadOptions>().Silo;
        Run(
            claim,
            "Kad:Silo:Port",
            given.Port == 0,
            OpenPort.OfSilos(endpoints));
        if (Gateway.Find(endpoints) is { } gateway)
        {
            Run(claim, "Kad:Silo:GatewayPort", given.GatewayPort == 0, gateway);
        }
    }

    /// <summary>Refuses ports that other machines reach and that have no key, and warns of those of this machine.</summary>
    public static void CheckKeys(IServiceProvider services)
    {
        // The options are read in any case: a mistake in them is found before anything is opened.
        var keys = services.GetRequiredService<ClusterKeys>();
        var endpoints = services.GetRequiredService<IOptions<EndpointOptions>>().Value;
        if (OpenPort.Find(keys, endpoints) is not { } open)
        {
            return;
        }

        if (Gateway.IsOpenToOthers(endpoints))
        {
            throw KadSettings.Mistake(
                $"{open.Setting} is missing, and other machines reach {open.Name} at {open.EndPoint}; {ClusterKey.Needed}, or a file that has them by {open.Setting}File.");
        }

        // Of a port beside one that has a key the grains warn, in each host.
        if (keys is { Gateway.Count: 0, Silo.Count: 0 })
        {
            open.Warn(services.GetRequiredService<ILoggerFactory>().CreateLogger<OpenPort>());
        }
    }

    private static void Run(PortClaim claim, string setting, bool isChosen, IPEndPoint endpoint)
    {
        if (!claim.TryTake(endpoint))
        {
            throw Taken(setting, isChosen, endpoint);
        }

        // Without Orleans' option to share the port.
        using var listener = new TcpListener(endpoint);
        try
        {
            listener.Start();
        }
        catch (SocketException e)
        {
            throw e.SocketErrorCode == SocketError.AddressAlreadyInUse ? Taken(setting, isChosen, endpoint) : KadSettings.Mistake(string.Create(
                CultureInfo.InvariantCulture,
                $"{setting} is {endpoint.Port}, and {endpoint} cannot be listened on: {e.Message.TrimEnd('.')}; a port that this user may open, and an address of this machine (Kad:Silo:Address), are needed."));
        }
    }

    // A port that was chosen here is nobody's mistake: it was free a moment ago, and others may do.
    private static Exception Taken(string setting, bool isChosen, IPEndPoint endpoint) => isChosen
        ? new SocketException((int)SocketError.AddressAlreadyInUse)
        : KadSettings.Mistake(string.Create(
            CultureInfo.InvariantCulture,
            $"{setting} is {endpoint.Port}, and another process listens on {endpoint}; a free port is needed, or 0 for any."));
}

// Reserves endpoints: Orleans shares ports, so a port check alone would let two silos pass that start at the same time. An
// abstract Unix socket address belongs to one process of a network namespace, and ends with it. Only Linux has them.
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
