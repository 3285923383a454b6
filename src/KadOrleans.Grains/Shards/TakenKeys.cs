namespace KadOrleans.Grains;

/// <summary>
/// Which of a shard's due keys edges have taken: up to each place in the order of keys, what they send by the shares that it was offered by, less
/// some keys. So it takes little memory, however many keys there are. Immutable.
/// </summary>
internal sealed class TakenKeys
{
    public static readonly TakenKeys None = new([], []);

    // In the order of keys.
    private readonly IReadOnlyList<(NodeId UpTo, EdgeShares Shares)> _ranges;

    // Below those places.
    private readonly HashSet<NodeId> _untaken;

    private TakenKeys(IReadOnlyList<(NodeId UpTo, EdgeShares Shares)> ranges, HashSet<NodeId> untaken) => (_ranges, _untaken) = (ranges, untaken);

    /// <summary>Whether all keys are with the edges that send them by these shares.</summary>
    public bool AreAll(EdgeShares shares) => _untaken.Count == 0 && _ranges is [{ } all] && all.UpTo == NodeId.MaxValue && all.Shares == shares;

    /// <summary>Whether a key is with the edge that sends it by these shares.</summary>
    public bool Has(NodeId key, EdgeShares shares)
    {
        foreach (var (upTo, former) in _ranges)
        {
            if (key <= upTo)
            {
                return !_untaken.Contains(key) && former.HasSameSender(key, shares);
            }
        }

        return false;
    }

    /// <summary>The same once all keys up to a place were offered by some shares, but for those that their edges had already.</summary>
    public TakenKeys With(EdgeShares shares, NodeId upTo, IEnumerable<NodeId> untaken) => new(
        [(upTo, shares), .. _ranges.Where(range => range.UpTo > upTo)], [.. untaken, .. _untaken.Where(key => key > upTo)]);
}
