using KadOrleans.Core.Crawling;
using KadOrleans.Node.Crawling;
using KadOrleans.Simulation;
using KadOrleans.Simulation.Experiments;

namespace KadOrleans.Node.Tests.Crawling;

/// <summary>A crawl by several nodes of a simulated network, led by a <see cref="CrawlPlan"/> as a cluster leads its edges.</summary>
internal sealed class SlicedCrawl(SimulatedWorld world, Population population, IReadOnlyList<Member> edges, int rate)
{
    private static readonly CrawlTiming Timing = new();

    private readonly Dictionary<string, Work> _work = [];
    private readonly Dictionary<int, IReadOnlyList<CrawlRecord>> _found = [];
    private CrawlPlan _plan = null!;

    public int Depth { get; private set; }

    public long Datagrams { get; private set; }

    /// <summary>Slices that another edge got because theirs died.</summary>
    public int Lost { get; private set; }

    /// <summary>What was found, each endpoint once.</summary>
    public IReadOnlyList<CrawlRecord> Records { get; private set; } = [];

    /// <summary>Crawls to the end.</summary>
    /// <param name="networkSize">As estimated.</param>
    /// <param name="onProgress">Told of the slices that are done, by those in all.</param>
    public async Task RunAsync(double networkSize, Func<int, int, Task> onProgress)
    {
        Depth = CrawlSlices.DepthFor(networkSize, edges.Count);
        _plan = new CrawlPlan(Depth, rate, Timing);
        while (!_plan.IsDone)
        {
            Renew(_plan.GetPolls(world.Clock.Elapsed));
            Lost += _plan.EndLost(world.Clock.Elapsed).Count;
            Renew(_plan.Grant([.. edges.Select(NameOf)], world.Clock.Elapsed));
            await onProgress(_plan.Done, 1 << Depth);
            await world.PassAsync(Timing.Poll);
        }

        Records = CrawlMerge.Merge(Enumerable.Range(0, 1 << Depth).Select(slice => _found[slice]), Depth);
    }

    /// <summary>An edge dies. What it was at is lost.</summary>
    public async Task KillAsync(Member edge)
    {
        if (_work.Remove(NameOf(edge), out var work))
        {
            // CancelAsync would go on in another thread than the simulation's.
            work.Stop.Cancel();
            Datagrams += work.Run?.Sent ?? 0;
        }

        await population.KillAsync(edge);
    }

    private static string NameOf(Member edge) => edge.Contact.ToString();

    private void Renew(IReadOnlyList<SliceLease> leases)
    {
        var now = world.Clock.Elapsed;
        foreach (var lease in leases)
        {
            _plan.OnSent(lease, now);
            if (edges.Single(edge => NameOf(edge) == lease.Edge).Engine is not { } engine)
            {
                continue;
            }

            if (!_work.TryGetValue(lease.Edge, out var work) || work.Lease != lease)
            {
                _work[lease.Edge] = work = new Work(lease);
                _ = CrawlAsync(engine, work);
            }

            _plan.OnAnswered(lease, now);
            if (work.Records is { } records)
            {
                Datagrams += work.Run!.Sent;
                _work.Remove(lease.Edge);
                if (_plan.OnDone(lease, isEmpty: !records.Any(record => record.IsReachable)))
                {
                    _found[lease.Slice] = records;
                }
            }
        }
    }

    private async Task CrawlAsync(DhtNode engine, Work work)
    {
        var options = new CrawlOptions { Region = CrawlSlices.RangeOf(work.Lease.Slice, Depth) };
        work.Run = engine.PrepareCrawl(options, work.Lease.Rate);
        if (await work.Run.RunAsync(work.Stop.Token))
        {
            work.Records = work.Run.Records;
        }
    }

    private sealed class Work(SliceLease lease)
    {
        public SliceLease Lease => lease;

        public CancellationTokenSource Stop { get; } = new();

        public CrawlRun? Run { get; set; }

        public IReadOnlyList<CrawlRecord>? Records { get; set; }
    }
}
