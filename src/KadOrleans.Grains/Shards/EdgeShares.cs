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

    // Those that have a share now, by name and epoch.
    private readonly HashSet<(string Name, long Epoch)> _sharing;

    private EdgeShares(IReadOnlyList<Division> divisions) =>
        (_divisions, _sharing) = (divisions, [.. divisions[^1].Edges.Select(static edge => (edge.Name, edge.Epoch))]);

    public bool IsEmpty => Edges.Count == 0;

    /// <summary>Those that have a share now.</summary>
    public IReadOnlyList<LiveEdge> Edges => _divisions[^1].Edges;

    public static EdgeShares Among(IReadOnlyList<LiveEdge> edges) => new([new Division([.. edges.Where(static edge => edge.NodeIds.Count > 0)])]);

    /// <summary>The shares once edges have left. The same object if none has.</summary>
    /// <param name="alive">The edges that live, and may have come since.</param>
    public EdgeShares Update(IReadOnlyList<LiveEdge> alive)
    {
        var living = alive.Select(static edge => (edge.Name, edge.Epoch)).ToHashSet();
        var left = Edges.Where(edge => living.Contains((edge.Name, edge.Epoch))).ToList();
        return left.Count == 0 && alive.Count > 0 ? Among(alive) : left.Count == Edges.Count ? this : new([.. _divisions, new Division(left)]);
    }

    public EdgeShares Without(LiveEdge edge) =>
        Has(edge) ? new([.. _divisions, new Division([.. Edges.Where(other => !other.IsSame(edge))])]) : this;

    public bool Has(LiveEdge edge) => _sharing.Contains((edge.Name, edge.Epoch));

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
            var sender = division.FindSender(ref place);
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
        private readonly LiveEdge[] _byId = [.. edges.OrderBy(edge => edge.NodeIds.Min())];

        public IReadOnlyList<LiveEdge> Edges => edges;

        /// <summary>The edge that a place falls to, and its id. The place becomes that within the edge's share.</summary>
        public (LiveEdge Edge, NodeId NodeId) FindSender(ref double place)
        {
            var edge = Find(_byId, ref place);
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
    }
}
