using KadOrleans.Core;

namespace KadOrleans.Transport.Udp;

/// <summary>An endpoint that is listened on, and the sockets that share its port: one or more.</summary>
internal sealed class BoundEndpoint(UdpEndpoint local, IReadOnlyList<UdpSocket> sockets)
{
    internal UdpEndpoint Local => local;

    internal IReadOnlyList<UdpSocket> Sockets => sockets;

    /// <summary>
    /// The socket for a destination: all have the same source address, so this only spreads the load over their
    /// buffers.
    /// </summary>
    internal UdpSocket SocketTo(UdpEndpoint destination) => sockets.Count == 1
        ? sockets[0]
        : sockets[(int)((uint)destination.GetHashCode() % (uint)sockets.Count)];
}
