namespace KadOrleans.Grains;

// The crawl that runs: asks the edges for their progress, takes what they found, and gives slices away. Each lease is durable
// before its edge hears of it. So another activation knows who may be crawling at which rate.
internal sealed class ClusterCrawl(
    StoredCrawl crawl, CrawlArchive archive, CrawlEdges edges, CrawlTiming timing, TimeProvider time, ILogger logger)
{
    private readonly CrawlPlan _plan = Restore(crawl, timing);
    private readonly Dictionary<int, CrawlSliceProgress> _progress = [];
    private readonly Dictionary<SliceLease, Task> _asked = [];

    // Slices whose edges still have what they found.
    private readonly List<SliceLease> _taken = [];
    private readonly long _begunAt = time.GetTimestamp();

    // Null before the first round.
    private IReadOnlyDictionary<string, LiveEdge>? _live;
    private bool _isDirty;
    private Exception? _conflict;
    private BackOff _pauses = NewPauses(timing);

    // The counts of slices that are done. Edges report those of others again after a move of the grain.
    private CrawlCounts _counts = crawl.Report.Counts;
    private long _datagrams = crawl.Report.Datagrams;

    public StoredCrawl Stored => crawl;

    // Short after a slice began or ended: in a small network edges would otherwise wait most of the time.
    public TimeSpan NextPause() => _pauses.Next();

    public bool IsDone => _plan.IsDone;

    public CrawlReport Report => crawl.Report with
    {
        SlicesDone = _plan.Done,
        Edges = _plan.Leases.Count(),
        Counts = _progress.Values.Aggregate(_counts, (sum, progress) => Sum(sum, progress.Counts)),
        Datagrams = _datagrams + _progress.Values.Sum(progress => progress.Datagrams),
        Problem = _live is { Count: 0 } ? "No edge is live; the crawl waits for one." : null,
    };

    private TimeSpan Now => time.GetElapsedTime(_begunAt);

    // One round of questions and leases, repeated after it throws as storage failed. A slow edge delays no other: its response
    // counts in a later round.
    public async Task AdvanceAsync()
    {
        await SaveAsync();
        _live = await edges.GetLiveAsync();
        await AskAsync(_plan.GetPolls(Now));
        foreach (var lost in _plan.EndLost(Now))
        {
            logger.SliceLost(crawl.Report.Id, lost.Slice, lost.Edge);
            _progress.Remove(lost.Slice);
            _isDirty = true;
        }

        var granted = _plan.Grant([.. _live.Keys], Now);
        if (granted.Count > 0)
        {
            (_isDirty, _pauses) = (true, NewPauses(timing));
        }

        await SaveAsync();
        await AskAsync(granted);
    }

    /// <summary>Ends the slices that edges have, without waiting for them. What they found counts no more.</summary>
    public void End()
    {
        foreach (var lease in _plan.Leases.ToList())
        {
            End(lease);
            _plan.OnRefused(lease, Now);
        }
    }

    private static CrawlCounts Sum(CrawlCounts one, CrawlCounts other) => new(
        one.Reachable + other.Reachable,
        one.Visited + other.Visited,
        one.Waiting + other.Waiting,
        one.Unreachable + other.Unreachable,
        one.NotNodes + other.NotNodes,
        one.Refused + other.Refused,
        one.Overflow + other.Overflow);

    private static BackOff NewPauses(CrawlTiming timing) => new(timing.FirstPoll, timing.Poll);

    private static CrawlPlan Restore(StoredCrawl crawl, CrawlTiming timing)
    {
        var plan = new CrawlPlan(crawl.State.Depth, crawl.Report.Rate, timing);
        foreach (var (slice, state) in crawl.State.Slices.Index())
        {
            var lease = state.Edge is { } edge ? new SliceLease(slice, state.Number, edge, state.Rate) : null;
            plan.Restore(slice, state.IsDone, state.Tries, state.Number, lease, TimeSpan.Zero);
        }

        return plan;
    }

    private string NameOf(SliceLease lease) =>
        string.Create(System.Globalization.CultureInfo.InvariantCulture, $"{crawl.Report.Id}/{lease.Slice}/{lease.Number}");

    private void End(SliceLease lease)
    {
        if (_live?.GetValueOrDefault(lease.Edge) is { } edge)
        {
            GrainCalls.Ignore(edge.Observer.EndSliceAsync(NameOf(lease)));
        }
    }

    /// <summary>Asks edges that are not being asked, and waits for most of them.</summary>
    private async Task AskAsync(IReadOnlyList<SliceLease> leases)
    {
        foreach (var lease in leases.Where(lease => !_asked.ContainsKey(lease)))
        {
            if (_live?.GetValueOrDefault(lease.Edge) is { } edge)
            {
                _asked[lease] = AskAsync(lease, edge);
            }
        }

        await Task.WhenAny(Task.WhenAll(_asked.Values), Task.Delay(timing.Poll / 2, time));
    }

    private async Task AskAsync(SliceLease lease, LiveEdge edge)
    {
        // The entry is made before it is removed.
        await Task.Yield();
        try
        {
            _plan.OnSent(lease, Now);
            var progress = await edge.Observer.CrawlSliceAsync(OrderOf(lease)).WaitAsync(edges.Timeout, time);
            var records = new List<CrawlRecord>();
            for (var page = 0; page < progress.Pages; page++)
            {
                var content = await edge.Observer.ReadSliceAsync(NameOf(lease), page).WaitAsync(edges.Timeout, time)
                    ?? throw new InvalidDataException($"The edge {edge.Name} has no page {page} of {NameOf(lease)}.");
                records.AddRange(CrawlPage.Decode(content));
            }

            _plan.OnAnswered(lease, Now);
            _progress[lease.Slice] = progress;
            if (progress.Pages is not null)
            {
                await RecordSliceAsync(lease, progress, records);
            }
        }
        catch (Exception e)
        {
            logger.SliceNotAnswered(crawl.Report.Id, lease.Slice, lease.Edge, e.Message);
            if (e is StorageConflictException)
            {
                _conflict = e;
            }
            else if (!GrainCalls.IsTransient(e))
            {
                _plan.OnRefused(lease, Now);
                _progress.Remove(lease.Slice);
                _isDirty = true;
            }
        }
        finally
        {
            _asked.Remove(lease);
        }
    }

    /// <summary>Writes what was found, and then counts the slice as done. The edge forgets it once that is durable.</summary>
    private async Task RecordSliceAsync(SliceLease lease, CrawlSliceProgress progress, List<CrawlRecord> records)
    {
        if (!_plan.IsCurrent(lease))
        {
            // Another edge has the slice, or has crawled it: what was found late must not take its place.
            return;
        }

        await archive.WriteSliceAsync(crawl, lease.Slice, records);
        _progress.Remove(lease.Slice);
        _datagrams += progress.Datagrams;
        if (_plan.OnDone(lease, isEmpty: !records.Exists(record => record.IsReachable)))
        {
            _counts = Sum(_counts, progress.Counts);
        }

        _taken.Add(lease);
        (_isDirty, _pauses) = (true, NewPauses(timing));
    }

    private CrawlSliceOrder OrderOf(SliceLease lease)
    {
        // The bound is shared by the slices, but ids need not be spread evenly.
        var share = Math.Max(CrawlPage.MaxRecords, 4L * crawl.Report.MaxNodes / crawl.State.Slices.Count);
        var left = crawl.Report.MaxNodes - (_counts.Reachable + _counts.Unreachable + _counts.NotNodes);
        return new CrawlSliceOrder(
            NameOf(lease),
            CrawlSlices.RangeOf(lease.Slice, crawl.State.Depth),
            lease.Rate,
            (int)Math.Clamp(share, 1, Math.Max(1, left)),
            timing.Lease);
    }

    private async Task SaveAsync()
    {
        if (_conflict is { } conflict)
        {
            throw conflict;
        }

        if (!_isDirty)
        {
            return;
        }

        foreach (var (slice, state) in crawl.State.Slices.Index())
        {
            (state.IsDone, state.Tries, state.Number, var lease) = _plan.StateOf(slice);
            (state.Edge, state.Rate) = (lease?.Edge, lease?.Rate ?? 0);
        }

        // What comes while it is written is written next time.
        _isDirty = false;
        var taken = _taken.ToList();
        _taken.Clear();
        try
        {
            await archive.SaveAsync(crawl, crawl.Report with { Counts = _counts, Datagrams = _datagrams, SlicesDone = _plan.Done });
        }
        catch
        {
            _isDirty = true;
            _taken.AddRange(taken);
            throw;
        }

        taken.ForEach(End);
    }
}

internal sealed class CrawlEdges(IGrainFactory grains, KnownEdges known, TimeProvider time, TimeSpan timeout, ILogger logger)
{
    public TimeSpan Timeout => timeout;

    /// <summary>The live edges by name; those of the last time if the directory does not respond.</summary>
    public async Task<IReadOnlyDictionary<string, LiveEdge>> GetLiveAsync()
    {
        try
        {
            await known.ReadAsync(version => Directory.ListAsync(version).AsTask().WaitAsync(timeout, time));
        }
        catch (Exception e)
        {
            logger.EdgesNotListed(e.Message);
        }

        return known.All.ToDictionary(edge => edge.Name);
    }

    /// <summary>The size of the network, as the live edges estimate. Null if none does, or if the directory does not respond.</summary>
    public async Task<double?> EstimateAsync()
    {
        try
        {
            return await Directory.GetNetworkSizeAsync().AsTask().WaitAsync(timeout, time);
        }
        catch (Exception e)
        {
            logger.EdgesNotListed(e.Message);
            return null;
        }
    }

    private IEdgeDirectoryGrain Directory => grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
}
