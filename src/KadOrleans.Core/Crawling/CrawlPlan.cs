using KadOrleans.Core.Routing;

namespace KadOrleans.Core.Crawling;

/// <summary>
/// Decides which edge crawls which slice, at which rate. An edge has one slice at a time, under a lease. An edge that stops answering keeps
/// its lease until it must have stopped too. Then another edge gets the slice. So no slice is lost, and all edges together stay within the
/// rate. Not safe for several threads. Time is that of any clock that is not set back.
/// </summary>
internal sealed class CrawlPlan
{
    /// <summary>
    /// How often a slice may end without a node that answered. An edge without a network finds nobody. A small network has empty slices.
    /// </summary>
    public const int MaxTries = 3;

    private readonly int _rate;
    private readonly CrawlTiming _timing;
    private readonly Entry[] _entries;
    private readonly Dictionary<string, TimeSpan> _paused = [];

    // Of edges that failed since they were last done with a slice. Those with fewer come first: two silent ones must not starve a third.
    private readonly Dictionary<string, int> _failures = [];

    public CrawlPlan(int depth, int rate, CrawlTiming timing)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(depth, 0);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(depth, CrawlSlices.MaxDepth);
        ArgumentOutOfRangeException.ThrowIfLessThan(rate, 1);
        (_rate, _timing) = (rate, timing);
        _entries = [.. Enumerable.Range(0, 1 << depth).Select(_ => new Entry())];
    }

    public bool IsDone => Done == _entries.Length;

    public int Done => _entries.Count(entry => entry.IsDone);

    /// <summary>The leases, those of silent edges included.</summary>
    public IEnumerable<SliceLease> Leases => _entries.Where(entry => entry.Lease is not null).Select(entry => entry.Lease!);

    public (bool IsDone, int Tries, int Number, SliceLease? Lease) StateOf(int slice) =>
        (_entries[slice].IsDone, _entries[slice].Tries, _entries[slice].Number, _entries[slice].Lease);

    /// <summary>Restores a slice as it was saved. Its lease counts as answered now, so an edge that is still at it goes on.</summary>
    public void Restore(int slice, bool isDone, int tries, int number, SliceLease? lease, TimeSpan now)
    {
        var entry = _entries[slice];
        (entry.IsDone, entry.Tries, entry.Number, entry.Lease, entry.AnsweredAt, entry.SentAt) = (isDone, tries, number, lease, now, now);
    }

    /// <summary>The leases whose edges are to be asked for their progress, which renews them. Silent edges are not among them.</summary>
    public IReadOnlyList<SliceLease> GetPolls(TimeSpan now) =>
        [.. _entries.Where(entry => entry.Lease is not null && now - entry.AnsweredAt < _timing.Silence).Select(entry => entry.Lease!)];

    /// <summary>Gives slices to edges that have none, as far as the rate allows.</summary>
    public IReadOnlyList<SliceLease> Grant(IReadOnlyCollection<string> edges, TimeSpan now)
    {
        var busy = Leases.Select(lease => lease.Edge).ToHashSet();
        var left = _rate - Leases.Sum(lease => lease.Rate);
        var share = Math.Max(1, _rate / Math.Max(1, Math.Min(edges.Count, _entries.Length - Done)));
        var granted = new List<SliceLease>();
        var free = edges.Where(edge => !busy.Contains(edge) && !(_paused.TryGetValue(edge, out var until) && now < until));

        // Slices that were tried least come first.
        var pending = _entries.Index().Where(slice => slice.Item is { IsDone: false, Lease: null }).OrderBy(slice => slice.Item.Tries).ToList();
        foreach (var (edge, (slice, entry)) in free.OrderBy(edge => _failures.GetValueOrDefault(edge)).Zip(pending))
        {
            if (left < 1)
            {
                break;
            }

            entry.Number++;
            entry.Lease = new SliceLease(slice, entry.Number, edge, Math.Min(share, left));
            (entry.AnsweredAt, entry.SentAt) = (now, now);
            left -= entry.Lease.Rate;
            granted.Add(entry.Lease);
        }

        return granted;
    }

    /// <summary>The edge is asked for its progress. From now on it may go on for the length of a lease.</summary>
    public void OnSent(SliceLease lease, TimeSpan now)
    {
        if (IsCurrent(lease))
        {
            _entries[lease.Slice].SentAt = now;
        }
    }

    public void OnAnswered(SliceLease lease, TimeSpan now)
    {
        if (IsCurrent(lease))
        {
            _entries[lease.Slice].AnsweredAt = now;
        }
    }

    /// <summary>The edge is certainly not at the slice. Another one gets it at once, and this one nothing for a while.</summary>
    public void OnRefused(SliceLease lease, TimeSpan now)
    {
        if (IsCurrent(lease))
        {
            _entries[lease.Slice].Lease = null;
            _paused[lease.Edge] = now + _timing.Pause;
            _failures[lease.Edge] = _failures.GetValueOrDefault(lease.Edge) + 1;
        }
    }

    /// <summary>
    /// The edge has come to the slice's end. False if the result does not count: the slice is to be crawled again, or the lease has ended.
    /// </summary>
    public bool OnDone(SliceLease lease, bool isEmpty)
    {
        if (!IsCurrent(lease))
        {
            return false;
        }

        var entry = _entries[lease.Slice];
        entry.Lease = null;
        entry.Tries++;
        entry.IsDone = !isEmpty || entry.Tries >= MaxTries;
        _failures.Remove(lease.Edge);
        return entry.IsDone;
    }

    /// <summary>Ends the leases of edges that have been silent for so long that they must have stopped.</summary>
    public IReadOnlyList<SliceLease> EndLost(TimeSpan now)
    {
        var lost = _entries.Where(entry => entry.Lease is not null && now - entry.AnsweredAt >= _timing.Silence && now - entry.SentAt >= _timing.Lease)
            .Select(entry => entry.Lease!).ToList();
        lost.ForEach(lease => OnRefused(lease, now));
        return lost;
    }

    public bool IsCurrent(SliceLease lease) => _entries[lease.Slice].Lease == lease;

    private sealed class Entry
    {
        public bool IsDone { get; set; }

        public int Tries { get; set; }

        public int Number { get; set; }

        public SliceLease? Lease { get; set; }

        public TimeSpan AnsweredAt { get; set; }

        public TimeSpan SentAt { get; set; }
    }
}

/// <summary>
/// A slice in the hands of an edge, which may send so many datagrams per second. The number grows with each lease of the slice.
/// </summary>
internal sealed record SliceLease(int Slice, int Number, string Edge, int Rate);

/// <summary>The times of a crawl by several edges. Tests shorten them.</summary>
internal sealed record CrawlTiming
{
    /// <summary>The time after which edges are asked for their progress when a slice has begun. It doubles until one ends.</summary>
    public TimeSpan FirstPoll { get; init; } = TimeSpan.FromMilliseconds(50);

    /// <summary>The longest time between two rounds of asking. A slice of a large network takes minutes.</summary>
    public TimeSpan Poll { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>How long an edge may be silent. Then it is not asked any more, so that its lease runs out.</summary>
    public TimeSpan Silence { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long an edge goes on without being asked. It must be longer than a silo's death is noticed after.</summary>
    public TimeSpan Lease { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an edge that failed gets no slice.</summary>
    public TimeSpan Pause { get; init; } = TimeSpan.FromMinutes(1);
}

/// <summary>Divides the id space into slices of one size, which are crawled separately. A slice is the ids with one prefix.</summary>
internal static class CrawlSlices
{
    /// <summary>The longest prefix: 1,024 slices.</summary>
    public const int MaxDepth = 10;

    /// <summary>
    /// Nodes of a slice, some. In a smaller slice each node names fewer contacts, so it takes fewer queries. But each slice begins with
    /// lookups, which cost as much as ten of its nodes.
    /// </summary>
    private const double NodesPerSlice = 128;

    /// <summary>Slices per edge, at least, so that edges of different speed end together.</summary>
    private const int SlicesPerEdge = 4;

    public static int DepthFor(double? networkSize, int edges)
    {
        var wanted = Math.Max(SlicesPerEdge * Math.Max(1, edges), (networkSize ?? 0) / NodesPerSlice);
        return (int)Math.Clamp(Math.Ceiling(Math.Log2(wanted)), 0, MaxDepth);
    }

    /// <summary>The ids of a slice: 0 to 2^<paramref name="depth"/> - 1, in the order of the ids.</summary>
    public static BucketRange RangeOf(int slice, int depth)
    {
        var prefix = NodeId.MinValue;
        for (var bit = 0; bit < depth; bit++)
        {
            prefix = prefix.WithBit(bit, ((slice >> (depth - 1 - bit)) & 1) == 1);
        }

        return new BucketRange(prefix, depth);
    }
}

/// <summary>
/// Puts the slices of a crawl together, each endpoint once. An endpoint is in several slices if nodes name it under several ids. Then it
/// counts as the slice of the id that it answered with found it, or the first one.
/// </summary>
internal static class CrawlMerge
{
    /// <summary>Merges what each slice found. There are 2^<paramref name="depth"/>, in the order of their ids.</summary>
    public static IReadOnlyList<CrawlRecord> Merge(IEnumerable<IReadOnlyList<CrawlRecord>> slices, int depth)
    {
        var best = new Dictionary<UdpEndpoint, (int Rank, CrawlRecord Record)>();
        foreach (var (slice, records) in slices.Index())
        {
            var range = CrawlSlices.RangeOf(slice, depth);
            foreach (var record in records)
            {
                var rank = Rank(record, range);
                best[record.Endpoint] = !best.TryGetValue(record.Endpoint, out var other) ? (rank, record)
                    : rank > other.Rank ? (rank, Join(record, other.Record))
                    : (other.Rank, Join(other.Record, record));
            }
        }

        return [.. best.Values.Select(found => found.Record)];
    }

    // An answer counts more than silence, and in its own slice the table was read.
    private static int Rank(CrawlRecord record, BucketRange range) =>
        !record.IsReachable ? record.State == CrawlState.NotANode ? 1 : 0 : range.Contains(record.Id!.Value) ? 3 : 2;

    private static CrawlRecord Join(CrawlRecord record, CrawlRecord other) => record with
    {
        ClaimedIds =
        [
            .. record.ClaimedIds.Concat(other.ClaimedIds).Concat(other.Id is { } id ? [id] : [])
                .Where(claimed => claimed != record.Id).Distinct().Take(CrawledNode.MaxClaimedIds),
        ],
    };
}
