namespace KadOrleans.Core;

// Decides which edge crawls which slice, at which rate. An edge has one slice at a time, under a lease. A silent edge's lease
// ends when the edge must have stopped; then another one gets the slice. Not thread-safe. No clock may be set back.
internal sealed class CrawlPlan
{
    // How often a slice may end without a node: an edge without a network finds nobody, but a small network has empty slices.
    public const int MaxTries = 3;

    private readonly int _rate;
    private readonly CrawlTiming _timing;
    private readonly Entry[] _entries;
    private readonly Dictionary<string, TimeSpan> _paused = [];

    // Edges that failed since they last finished a slice. They come last: two silent ones must not starve a third.
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

    public IEnumerable<SliceLease> Leases => _entries.Where(entry => entry.Lease is not null).Select(entry => entry.Lease!);

    public (bool IsDone, int Tries, int Number, SliceLease? Lease) StateOf(int slice) =>
        (_entries[slice].IsDone, _entries[slice].Tries, _entries[slice].Number, _entries[slice].Lease);

    /// <summary>Its lease counts as answered now, so an edge that still crawls it goes on.</summary>
    public void Restore(int slice, bool isDone, int tries, int number, SliceLease? lease, TimeSpan now)
    {
        var entry = _entries[slice];
        (entry.IsDone, entry.Tries, entry.Number, entry.Lease, entry.AnsweredAt, entry.SentAt) = (isDone, tries, number, lease, now, now);
    }

    // Leases whose edges are to be asked for their progress, which renews them; without those of silent edges.
    public IReadOnlyList<SliceLease> GetPolls(TimeSpan now) =>
        [.. _entries.Where(entry => entry.Lease is not null && now - entry.AnsweredAt < _timing.Silence).Select(entry => entry.Lease!)];

    public IReadOnlyList<SliceLease> Grant(IReadOnlyCollection<string> edges, TimeSpan now)
    {
        var busy = Leases.Select(lease => lease.Edge).ToHashSet();
        var left = _rate - Leases.Sum(lease => lease.Rate);
        var share = Math.Max(1, _rate / Math.Max(1, Math.Min(edges.Count, _entries.Length - Done)));
        var granted = new List<SliceLease>();
        var free = edges.Where(edge => !busy.Contains(edge) && !(_paused.TryGetValue(edge, out var until) && now < until));

        var pending = _entries.Index().Where(slice => slice.Item is { IsDone: false, Lease: null }).OrderBy(slice => slice.Item.Tries).ToList();
        foreach (var (edge, (slice, entry)) in free.OrderBy(edge => _failures.GetValueOrDefault(edge)).Zip(pending))
        {
            if (left < 1)
            {
                break;
            }

            entry.Lease = new SliceLease(slice, ++entry.Number, edge, Math.Min(share, left));
            (entry.AnsweredAt, entry.SentAt) = (now, now);
            left -= entry.Lease.Rate;
            granted.Add(entry.Lease);
        }

        return granted;
    }

    public void OnSent(SliceLease lease, TimeSpan now) => EntryOf(lease)?.SentAt = now;

    public void OnAnswered(SliceLease lease, TimeSpan now) => EntryOf(lease)?.AnsweredAt = now;

    /// <summary>The edge certainly does not crawl the slice. Another one gets it at once, and this one none for a pause.</summary>
    public void OnRefused(SliceLease lease, TimeSpan now)
    {
        if (EntryOf(lease) is { } entry)
        {
            entry.Lease = null;
            _paused[lease.Edge] = now + _timing.Pause;
            _failures[lease.Edge] = _failures.GetValueOrDefault(lease.Edge) + 1;
        }
    }

    /// <summary>False if the result does not count: the slice is crawled again, or the lease has ended.</summary>
    public bool OnDone(SliceLease lease, bool isEmpty)
    {
        if (EntryOf(lease) is not { } entry)
        {
            return false;
        }

        entry.Lease = null;
        entry.Tries++;
        entry.IsDone = !isEmpty || entry.Tries >= MaxTries;
        _failures.Remove(lease.Edge);
        return entry.IsDone;
    }

    public IReadOnlyList<SliceLease> EndLost(TimeSpan now)
    {
        var end = _timing.Delivery + _timing.Lease;
        var lost = _entries.Where(entry => entry.Lease is not null && now - entry.AnsweredAt >= _timing.Silence && now - entry.SentAt >= end)
            .Select(entry => entry.Lease!).ToList();
        lost.ForEach(lease => OnRefused(lease, now));
        return lost;
    }

    public bool IsCurrent(SliceLease lease) => _entries[lease.Slice].Lease == lease;

    private Entry? EntryOf(SliceLease lease) => IsCurrent(lease) ? _entries[lease.Slice] : null;

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

// An edge's right to crawl a slice at a rate in datagrams per second. Number grows with each lease of the slice.
internal sealed record SliceLease(int Slice, int Number, string Edge, int Rate);
