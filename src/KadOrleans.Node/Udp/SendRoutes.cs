namespace KadOrleans.Node;

// Selects the endpoint for a datagram that is no response, by its destination alone, so a contact always sees the same source. It
// is the first listed one of the family, else the first dual-mode one. One on loopback reaches only loopback; one on another
// single address serves loopback only if no other does.
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

    /// <summary>-1 if no endpoint reaches there.</summary>
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

internal sealed record BoundEndpoint(UdpEndpoint Local, IReadOnlyList<UdpSocket> Sockets)
{
    /// <summary>All have the same source address: this spreads the load over their buffers.</summary>
    internal UdpSocket SocketTo(UdpEndpoint destination) => Sockets.Count == 1
        ? Sockets[0]
        : Sockets[(int)((uint)destination.GetHashCode() % (uint)Sockets.Count)];
}
