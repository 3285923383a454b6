using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Silo.Hosting;

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
