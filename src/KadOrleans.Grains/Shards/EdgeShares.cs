namespace KadOrleans.Grains;

/// <summary>
/// Which edge sends a due key. Each has the same share of the key space, so that all have about as much to do, and the shares lie side by
/// side, so that few regions fall to two edges. When edges leave, what they had is divided among the others, and nothing else moves. Edges that
/// come meanwhile get something only if all others have left. One that serves no node id has no share. Immutable.
/// </summary>
internal sealed class EdgeShares
{
    // The first, and one for each time that edges left: it has those that were there still.
    private readonly IReadOnlyList<Division> _divisions;

    private EdgeShares(IReadOnlyList<Division> divisions) => _divisions = divisions;

    public bool IsEmpty => Edges.Count == 0;

    /// <summary>Those that have a share now.</summary>
    public IReadOnlyList<LiveEdge> Edges => _divisions[^1].Edges;

    public static EdgeShares Among(IReadOnlyList<LiveEdge> edges) => new([new Division([.. edges.Where(static edge => edge.NodeIds.Count > 0)])]);

    /// <summary>The shares once edges have left. The same object if none has.</summary>
    /// <param name="alive">The edges that live, and may have come since.</param>
    public EdgeShares Follow(IReadOnlyList<LiveEdge> alive)
    {
        var left = Edges.Where(edge => alive.Any(edge.IsSame)).ToList();
        return left.Count == 0 && alive.Count > 0 ? Among(alive) : left.Count == Edges.Count ? this : new([.. _divisions, new Division(left)]);
    }

    public EdgeShares Without(LiveEdge edge) =>
        Has(edge) ? new([.. _divisions, new Division([.. Edges.Where(other => !other.IsSame(edge))])]) : this;

    public bool Has(LiveEdge edge) => Edges.Any(edge.IsSame);

    /// <summary>
    /// Whether a key has the same sender by shares that these became. False without any edge; and once all had left, as those that came may be
    /// those that failed, and have lost what they had.
    /// </summary>
    public bool HasSameSender(NodeId key, EdgeShares other) =>
        _divisions[0] == other._divisions[0] && !IsEmpty && !other.IsEmpty && FindSender(key).Edge.IsSame(other.FindSender(key).Edge);

    /// <summary>The edge that sends a key, and the id that it sends it with. There has to be an edge.</summary>
    public (LiveEdge Edge, NodeId NodeId) FindSender(NodeId key)
    {
        // The key's place in the whole space, then in the share of the edge that left.
        var place = key.ToFraction();
        foreach (var division in _divisions)
        {
            var sender = division.FindSender(key, ref place);
            if (Has(sender.Edge))
            {
                return sender;
            }
        }

        throw new InvalidOperationException("There is no edge.");
    }

    private sealed class Division(IReadOnlyList<LiveEdge> edges)
    {
        // In the order of their ids, so that an edge's share is more often near its own id.
        private readonly LiveEdge[] _sharing = [.. edges.Where(edge => edge.Report.SendsForAll).OrderBy(edge => edge.NodeIds.Min())];

        public IReadOnlyList<LiveEdge> Edges => edges;

        // An edge of an earlier release sends a key if its own id is responsible. That is so only of the nearest, if any is.
        public (LiveEdge Edge, NodeId NodeId) FindSender(NodeId key, ref double place)
        {
            if (_sharing.Length < edges.Count && FindNearest(key) is var nearest && !nearest.Edge.Report.SendsForAll)
            {
                return nearest;
            }

            var edge = Find(_sharing, ref place);
            var placeOfId = place;
            return (edge, Find(edge.NodeIds, ref placeOfId));
        }

        // The place is from 0 to 1, which it may reach as it is rounded.
        private static T Find<T>(IReadOnlyList<T> list, ref double place)
        {
            var at = Math.Min((int)(place * list.Count), list.Count - 1);
            place = (place * list.Count) - at;
            return list[at];
        }

        private (LiveEdge Edge, NodeId NodeId) FindNearest(NodeId key) => edges
            .SelectMany(edge => edge.NodeIds.Select(id => (Edge: edge, NodeId: id)))
            .MinBy(place => place.NodeId.DistanceTo(key));
    }
}
