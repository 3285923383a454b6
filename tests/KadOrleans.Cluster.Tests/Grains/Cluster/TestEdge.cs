namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>An edge that notes what it is sent and answers what the test says.</summary>
internal class TestEdge : IEdgeDesk
{
    public ConcurrentQueue<RoutingTableSnapshot> Snapshots { get; } = [];

    public ConcurrentQueue<EdgeWork> Work { get; } = [];

    public bool TakesWork { get; set; } = true;

    /// <summary>The only id that it takes work for. Null: any.</summary>
    public NodeId? ServedId { get; set; }

    public bool IsStopping { get; set; }

    public int Calls;

    public Func<Task> OnSnapshot { get; set; } = () => Task.CompletedTask;

    public Func<NodeId, Task<GetResult>> Get { get; set; } =
        _ => Task.FromResult(new GetResult(null, Samples.Lookup));

    public Func<NodeId, DhtValue, Task<SetResult>> Set { get; set; } =
        (_, _) => Task.FromResult(new SetResult { Stored = 3, Lookup = Samples.Lookup with { Asked = 3 } });

    public IReadOnlyList<KeyHolder> Holders { get; set; } = [];

    public Func<Task> BeforeHolders { get; set; } = () => Task.CompletedTask;

    public Func<Task> Confirm { get; set; } = () => Task.CompletedTask;

    public Task ConfirmAsync() => Confirm();

    public virtual async Task OnSnapshotAsync(NodeId nodeId, RoutingTableSnapshot snapshot)
    {
        Snapshots.Enqueue(snapshot);
        await OnSnapshot();
    }

    public ConcurrentQueue<SnapshotChange> Changes { get; } = [];

    /// <summary>False: a change does not continue what it has, so it gets whole snapshots.</summary>
    public bool TakesChanges { get; set; }

    public virtual Task<bool> OnChangeAsync(NodeId nodeId, SnapshotChange change)
    {
        Changes.Enqueue(change);
        return Task.FromResult(TakesChanges);
    }

    public virtual Task<bool> AcceptAsync(EdgeWork work)
    {
        if (IsStopping || (ServedId is { } id && id != work.NodeId))
        {
            throw new NoLiveEdgeException("The edge is silent.");
        }

        if (TakesWork)
        {
            Work.Enqueue(work);
        }

        return Task.FromResult(TakesWork);
    }

    public virtual Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref Calls);
        return Get(key);
    }

    public Task<SetResult> SetAsync(NodeId key, DhtValue value)
    {
        Interlocked.Increment(ref Calls);
        return Set(key, value);
    }

    public Task<SetResult> SetForAsync(NodeId key, DhtValue value, TimeSpan life) => SetAsync(key, value);

    public virtual Task<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref Calls);
        return Task.FromResult(Samples.Lookup with { Hops = 7 });
    }

    public virtual async Task<IReadOnlyList<KeyHolder>> AskHoldersAsync(NodeId key, CancellationToken cancellationToken)
    {
        await BeforeHolders();
        return Holders;
    }

    public virtual Task<LookupTrace> TraceLookupAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken) => throw new NotSupportedException();

    public EdgeRules? Rules { get; private set; }

    public Func<Task> OnRules { get; set; } = () => Task.CompletedTask;

    public Task OnRulesAsync(EdgeRules rules)
    {
        Rules = rules;
        return OnRules();
    }

    public Func<CrawlSliceOrder, Task<CrawlSliceProgress>> OnCrawl { get; set; } = _ => throw new NotSupportedException();

    public ConcurrentDictionary<string, byte[]> CrawlPages { get; } = new();

    public Task<CrawlSliceProgress> CrawlSliceAsync(CrawlSliceOrder order) => OnCrawl(order);

    public Task<byte[]?> ReadSliceAsync(string lease, int page) => Task.FromResult(CrawlPages.GetValueOrDefault($"{lease}#{page}"));

    public Task EndSliceAsync(string lease) => Task.CompletedTask;

    public virtual Task<PingResult> PingAsync(UdpEndpoint endpoint) =>
        Task.FromResult(new PingResult(Samples.Key(9), null, TimeSpan.FromMilliseconds(5)));
}

internal static class TestSubscription
{
    /// <summary>Subscribes an edge that knows no snapshot.</summary>
    public static async Task<RoutingTableSnapshot> SubscribeAsync(this IRoutingTableGrain table, long epoch, IEdgeDesk edge) =>
        (await table.SubscribeForChangesAsync(epoch, edge, known: -1))!;
}
