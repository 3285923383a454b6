using Request = KadOrleans.Core.Request;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>How long a cluster takes to send all its keys out again (Kademlia §2.5).</summary>
public sealed class ClusterRepublishingTests(ITestOutputHelper output)
{
    // 150,000 were the most at 20 a second for each id. KAD_REPUBLISH_KEYS=1000000 runs the size that docs/scale.md states.
    private static readonly int MostKeys =
        int.Parse(Environment.GetEnvironmentVariable("KAD_REPUBLISH_KEYS") ?? "170000", CultureInfo.InvariantCulture);

    private readonly SimulatedWorld _world = new(seed: 15);

    [Fact]
    public void All_keys_of_two_edges_go_out_within_seventy_minutes_and_again_in_the_next_hour() => Run(20_000);

    [Fact]
    [Trait("Tier", "Long")]
    public void So_do_more_keys_than_the_least_rate_takes() => Run(MostKeys);

    private void Run(int keys) => _world.Run(async () =>
    {
        await using var cluster = new RepublishingCluster(_world);
        await cluster.StartAsync(keys);

        await _world.PassAsync(TimeSpan.FromMinutes(70));
        output.WriteLine($"{cluster.Sent.Count} keys of {keys} in 70 min");
        Assert.Equal(keys, cluster.Sent.Count);

        await _world.PassAsync(TimeSpan.FromMinutes(65));
        output.WriteLine($"longest gap {cluster.LongestGap.TotalMinutes:0.0} min");
        Assert.InRange(cluster.LongestGap, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(70));
        Assert.All(cluster.Sent.Values, at => Assert.True(at > TimeSpan.FromMinutes(65)));
    });
}

// A cluster's republishing on virtual time: the real hand-over of shards, schedules, republishers and engines of edges. Shards and
// directory are stand-ins. The peers take everything and hold nothing.
internal sealed class RepublishingCluster(SimulatedWorld world) : IAsyncDisposable
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly DhtValue Value = DhtValue.FromBytes(new byte[64]);

    private readonly List<DhtNode> _nodes = [];
    private readonly List<RawPeer> _peers = [];
    private readonly List<Task> _loops = [];
    private readonly List<LiveEdge> _edges = [];
    private readonly CancellationTokenSource _stopping = new();
    private readonly InMemoryKeyStore _store = new(StoreQuota.Unlimited);
    private readonly List<NodeId>[] _shards = [.. Enumerable.Range(0, 128).Select(_ => new List<NodeId>())];

    private TimeProvider Time => world.Clock;

    public Dictionary<NodeId, TimeSpan> Sent { get; } = [];

    public TimeSpan LongestGap { get; private set; }

    public async Task StartAsync(int keys)
    {
        _peers.AddRange(Enumerable.Range(0, 2).Select(_ => new RawPeer(world.Network.Bind(), NodeId.Random(world.Random))));
        _peers.ForEach(peer => peer.OnRequest = (request, id, answer) => Answer(peer, request, id, answer));
        await StartEdgeAsync("one");
        await StartEdgeAsync("other");

        // Stored long before: all are due at the first tick of their shards.
        for (var i = 0; i < keys; i++)
        {
            var key = NodeId.Random(world.Random);
            _shards[GrainKeys.Shard(key, 7)].Add(key);
            await _store.PutAsync(key, new StoredValue(Value, Time.GetUtcNow() - (2 * Hour), Time.GetUtcNow() + TimeSpan.FromDays(6), default), PutKind.Import);
        }

        foreach (var (i, shard) in _shards.Index())
        {
            shard.Sort();
            _loops.Add(TickAsync(shard, (i + world.Random.NextDouble()) * Hour / _shards.Length));
        }
    }

    public async ValueTask DisposeAsync()
    {
        // CancelAsync would go on in another thread than the simulation's.
        _stopping.Cancel();
        await Task.WhenAll(_loops);
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        _stopping.Dispose();
    }

    private int Answer(RawPeer peer, Request request, MessageId id, Span<byte> answer)
    {
        if (request.Kind != RequestKind.Store)
        {
            return request.Kind == RequestKind.Ping ? peer.AnswerPings(request, id, answer) : ResponseWriter.WriteNodes(answer, id, []);
        }

        var key = request.AsStore().Key;
        if (Sent.TryGetValue(key, out var last) && world.Clock.Elapsed - last > LongestGap)
        {
            LongestGap = world.Clock.Elapsed - last;
        }

        Sent[key] = world.Clock.Elapsed;
        return ResponseWriter.WriteStored(answer, id, true);
    }

    private async Task StartEdgeAsync(string name)
    {
        var options = new KadNodeOptions();
        var id = NodeId.Random(world.Random);
        var table = new LocalRoutingTable(id, options.Kademlia, new SubnetDiversity(new SubnetLimits(), AddressRangeSet.Parse([])), Time);
        var transport = world.Network.Bind();
        var node = new DhtNode(options, transport, table, _store, world.Environment);
        var schedule = new ClusterMaintenanceSchedule(id);
        var runner = new MaintenanceRunner(node, _store, new InMemoryPublicationStore(0), schedule, _ => Task.CompletedTask, world.Environment);
        _nodes.Add(node);
        node.Start();
        await node.BootstrapAsync(_peers.Select(peer => $"{peer.Endpoint}"));
        _loops.Add(runner.RunAsync(_stopping.Token));
        var observer = Fake.Of<IEdgeObserver>((_, args) => Task.FromResult(schedule.TryAccept((EdgeWork)args[0]!)));
        _edges.Add(new LiveEdge(name, 1, [id], observer, new EdgeReport()));
    }

    private async Task TickAsync(List<NodeId> shard, TimeSpan first)
    {
        var directory = Fake.Of<IEdgeDirectoryGrain>((_, _) => new ValueTask<EdgeList>(new EdgeList(_edges, Hour, [])));
        var grains = Fake.Of<IGrainFactory>((_, _) => directory);
        var republishing = new ShardRepublishing("shard 0000", grains, Time, TimeSpan.FromSeconds(10), NullLogger.Instance);
        try
        {
            await Task.Delay(first, Time, _stopping.Token);
            while (true)
            {
                var tick = Time.GetTimestamp();
                await republishing.HandOverAsync(after => FindDue(shard, after), _stopping.Token);
                await Task.Delay(Hour - TimeSpan.FromTicks(Time.GetElapsedTime(tick).Ticks % Hour.Ticks), Time, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private List<NodeId> FindDue(List<NodeId> shard, NodeId? after)
    {
        var (now, options) = (Time.GetUtcNow(), new KademliaOptions());
        var from = after is { } last ? shard.BinarySearch(last) + 1 : 0;
        var due = new List<NodeId>();
        for (var i = from; i < shard.Count && due.Count < RepublishWork.MaxKeys; i++)
        {
            if (_store.GetAsync(shard[i], now).AsTask().Result is { } held && RepublishPolicy.IsDueAtCheck(held.StoredAt, held.ExpiresAt, now, options))
            {
                due.Add(shard[i]);
            }
        }

        return due;
    }
}
