using KadOrleans.Core;

namespace KadOrleans.Transport.Udp;

/// <summary>
/// Selects the endpoint that sends a datagram that is not a response. The choice depends only on the destination, so a contact always sees
/// the same source. It is the first listed endpoint of its family, else the first dual-mode one. An endpoint on a loopback address reaches
/// only loopback. One on another single address serves loopback only if no other does.
/// </summary>
internal sealed class SendRoutes
{
    private readonly BoundEndpoint?[] _byKind = new BoundEndpoint?[4];

    internal SendRoutes(IReadOnlyList<BoundEndpoint> endpoints)
    {
        var locals = endpoints.Select(endpoint => endpoint.Local).ToArray();
        for (var kind = 0; kind < _byKind.Length; kind++)
        {
            var chosen = Choose(locals, toIPv4: (kind & 2) == 0, toLoopback: (kind & 1) != 0);
            _byKind[kind] = chosen < 0 ? null : endpoints[chosen];
        }
    }

    internal BoundEndpoint? To(UdpEndpoint destination) =>
        _byKind[(destination.IsIPv4 ? 0 : 2) | (destination.IsLoopback ? 1 : 0)];

    /// <summary>The index of the local endpoint to send from, or -1 if none reaches there.</summary>
    internal static int Choose(IReadOnlyList<UdpEndpoint> locals, bool toIPv4, bool toLoopback) => Enumerable.Range(0, locals.Count)
        .Where(i => Rank(locals[i], toIPv4, toLoopback) is not null)
        .OrderBy(i => Rank(locals[i], toIPv4, toLoopback))
        .FirstOrDefault(-1);

    // The lowest is best; null if it does not reach there.
    private static int? Rank(UdpEndpoint local, bool toIPv4, bool toLoopback)
    {
        var sameFamily = local.IsIPv4 == toIPv4;
        if ((!sameFamily && !local.IsDualMode) || (local.IsLoopback && !toLoopback))
        {
            return null;
        }

        var awkward = toLoopback && !local.IsLoopback && !local.IsWildcard;
        return (awkward ? 2 : 0) + (sameFamily ? 0 : 1);
    }
}

/// <summary>An endpoint that is listened on, and the sockets that share its port: one or more.</summary>
internal sealed class BoundEndpoint(UdpEndpoint local, IReadOnlyList<UdpSocket> sockets)
{
    internal UdpEndpoint Local => local;

    internal IReadOnlyList<UdpSocket> Sockets => sockets;

    /// <summary>The socket for a destination: all have the same source address, so this only spreads the load over their buffers.</summary>
    internal UdpSocket SocketTo(UdpEndpoint destination) => sockets.Count == 1
        ? sockets[0]
        : sockets[(int)((uint)destination.GetHashCode() % (uint)sockets.Count)];
}
