using KadOrleans.Cluster.Tests.Grains;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>A live edge before a network that holds one key and takes whatever it is given twice.</summary>
internal sealed class FakeEdge : TestEdge
{
    public const string Name = "fake edge";

    public static NodeId NetworkKey { get; } = NodeId.FromKey("only in the network");

    public static LookupOutcome Lookup { get; } = Samples.Lookup with
    {
        Closest = [new Contact(NodeId.FromKey("contact"), UdpEndpoint.Parse("203.0.113.1:8468"))],
        Asked = 3,
        Answered = 2,
        Failed = 1,
        Hops = 2,
    };

    public FakeEdge()
    {
        TakesWork = false;
        Set = (_, _) => Task.FromResult(new SetResult { Stored = 2, Lookup = Lookup });
    }

    private EdgeLease? _lease;

    /// <summary>Begins a test's turn at a cluster: empty, with this edge alone.</summary>
    public async Task BeginAsync(TestCluster cluster)
    {
        await cluster.ClearAsync(StoreQuota.Unlimited);

        // The facade forgets the edges of the test before.
        cluster.Clock.Advance(TimeSpan.FromMinutes(1));
        _lease = await cluster.Directory.LeaseAsync(Name, 1, cluster.Reference(this));
    }

    public async Task EndAsync(TestCluster cluster)
    {
        cluster.Gate.Open();
        await cluster.Directory.ReleaseAsync(Name, _lease!.Epoch);
    }

    /// <summary>It hands its lease back, and the facade forgets it.</summary>
    public async Task LeaveAsync(TestCluster cluster)
    {
        await EndAsync(cluster);
        cluster.Clock.Advance(TimeSpan.FromMinutes(1));
    }

    /// <summary>What a lookup waits for, with its token.</summary>
    public Func<CancellationToken, Task> OnLookup { get; set; } = _ => Task.CompletedTask;

    public override async Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken)
    {
        await OnLookup(cancellationToken);
        return new GetResult(key == NetworkKey ? "far away" : default(DhtValue?), Lookup);
    }

    public override async Task<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken)
    {
        await OnLookup(cancellationToken);
        return Lookup;
    }

    public override Task<IReadOnlyList<KeyHolder>> AskHoldersAsync(NodeId key, CancellationToken cancellationToken) => Task.FromResult<IReadOnlyList<KeyHolder>>([new KeyHolder(Lookup.Closest[0], true, "far away")]);

    public override Task<LookupTrace> TraceLookupAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken) => Task.FromResult(new LookupTrace(
        _lease!.NodeIds[0],
        Lookup with { Value = target == NetworkKey && kind == LookupKind.Value ? "far away" : default(DhtValue?) },
        TimeSpan.FromMilliseconds(7),
        [
            new(new Contact(NodeId.FromKey("first"), UdpEndpoint.Parse("203.0.113.2:8468")), null, 1, TimeSpan.Zero, TimeSpan.FromMilliseconds(2), QueryResult.Contacts, 1, null),
            new(Lookup.Closest[0], 0, 2, TimeSpan.FromMilliseconds(2), TimeSpan.FromMilliseconds(3), QueryResult.Value, 0, "far away"),
        ]));

    public override Task<PingResult> PingAsync(UdpEndpoint endpoint) =>
        Task.FromResult(new PingResult(NodeId.FromKey("contact"), null, TimeSpan.FromMilliseconds(5)));
}
