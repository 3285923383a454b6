using System.Net;
using System.Net.Sockets;

namespace KadOrleans.Grains;

// Reserves endpoints: Orleans shares ports, so a port check alone would let two silos pass that start at the same time. An
// abstract Unix socket address belongs to one process of a network namespace, and ends with it. Only Linux has them.
internal sealed class PortClaim : IDisposable
{
    private readonly List<Socket> _held = [];

    public bool TryTake(IPEndPoint endpoint)
    {
        // A port of 0 is any: each has its own.
        if (!OperatingSystem.IsLinux() || endpoint.Port == 0)
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
