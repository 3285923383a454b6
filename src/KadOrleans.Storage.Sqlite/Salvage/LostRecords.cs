namespace KadOrleans.Storage.Sqlite;

// The keys of damaged segments, as far as they can be read. No value of a damaged segment is used, as its checksum covers all of
// them. Its keys still matter: a key must not fall back to an older value, and the network may have its value.
internal sealed class LostRecords
{
    private const long LatestTime = 7_258_118_400_000; // The year 2200.
    private const long LongestLife = 366L * 24 * 60 * 60 * 1000;
    private const int HeadBits = 64;

    // All bits but the last 64 are 0.
    private static readonly NodeId TailMask = NodeId.Parse(new string('0', 24) + new string('f', 16));

    // Ids that have the first or last eight bytes of a key, and zeros else.
    private readonly HashSet<NodeId> _heads = [];
    private readonly HashSet<NodeId> _tails = [];

    /// <summary>Damaged segments, newest first, each with the keys that it hides.</summary>
    public List<(long Number, HashSet<NodeId> Hidden)> Segments { get; } = [];

    /// <summary>Keys whose latest value was in a damaged segment.</summary>
    public HashSet<NodeId> Keys { get; } = [];

    public IReadOnlyCollection<NodeId> Add(long number, ReadOnlySpan<byte> segment, Func<NodeId, bool> isHeld)
    {
        var hidden = new HashSet<NodeId>();
        Segments.Add((number, hidden));
        var records = segment.Length > SegmentCodec.HeaderLength ? segment[SegmentCodec.HeaderLength..] : [];
        for (var follows = true; records.Length >= EntryCodec.RemovalLength;)
        {
            // A record begins where another ended, so its key counts even if the rest is damaged. Elsewhere a key counts only if it can
            // hardly be chance.
            if (follows)
            {
                Record(new NodeId(records[..NodeId.Length]), isPut: records[NodeId.Length] != 0, hidden, isHeld);
            }

            var rest = records;
            var isWhole = EntryCodec.TryTake(ref rest, out var record);
            if (isWhole && !follows && IsPlausible(record))
            {
                Record(record.Key, isPut: true, hidden, isHeld);
                records = rest;
                follows = true;
            }
            else if (isWhole && follows && (record.IsRemoval || record.TryReadValue(out _)))
            {
                records = rest;
            }
            else
            {
                records = records[1..];
                follows = false;
            }
        }

        return hidden;
    }

    // Whether a key of an older segment is that of a record with a damaged key. Ids are random, so two that share eight bytes are
    // the same.
    public bool Resembles(NodeId key)
    {
        var (head, tail) = Split(key);
        if (!_heads.Contains(head) && !_tails.Contains(tail))
        {
            return false;
        }

        Segments[^1].Hidden.Add(key);
        Keys.Add(key);
        return true;
    }

    private static bool IsPlausible(EncodedEntry put) =>
        !put.IsRemoval
        && put.TryReadValue(out var value)
        && value.StoredAt.ToUnixTimeMilliseconds() is >= 0 and < LatestTime
        && Math.Abs((value.ExpiresAt - value.StoredAt).TotalMilliseconds) <= (value.IsKept ? KeepRules.Longest.TotalMilliseconds : LongestLife);

    private static (NodeId Head, NodeId Tail) Split(NodeId key) => (key.Prefix(HeadBits), key.Masked(TailMask));

    private void Record(NodeId key, bool isPut, HashSet<NodeId> hidden, Func<NodeId, bool> isHeld)
    {
        if (isHeld(key))
        {
            return;
        }

        hidden.Add(key);
        var (head, tail) = Split(key);
        _heads.Add(head);
        _tails.Add(tail);
        if (isPut)
        {
            Keys.Add(key);
        }
    }
}
