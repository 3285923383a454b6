using System.Runtime.InteropServices;
using Microsoft.Extensions.Logging;
using Request = KadOrleans.Core.Request;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>How long a cluster takes to send all its keys out again (Kademlia §2.5).</summary>
public sealed class ClusterRepublishingTests(ITestOutputHelper output)
{
    // 150,000 were the most at 20 a second for each id. KAD_REPUBLISH_KEYS=1000000 runs the size that docs/scale.md states.
    private static readonly int MostKeys =
        int.Parse(Environment.GetEnvironmentVariable("KAD_REPUBLISH_KEYS") ?? "170000", CultureInfo.InvariantCulture);

    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);

    private readonly SimulatedWorld _world = new(seed: 15);

    [Fact]
    public void All_keys_of_two_edges_go_out_within_seventy_minutes_and_again_in_the_next_hour() => Run(20_000);

    [Fact]
    [Trait("Tier", "Long")]
    public void So_do_more_keys_than_the_least_rate_takes() => Run(MostKeys);

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    public void Each_edge_sends_its_part_of_the_values(int edges) => _world.Run(async () =>
    {
        const int values = 20_000;
        await using var cluster = new RepublishingCluster(_world);
        await cluster.StartAsync(values, edges, ticks: TimeSpan.FromMinutes(10));

        await _world.PassAsync(TimeSpan.FromMinutes(30));
        output.WriteLine(string.Join(", ", cluster.SentBy.Values));
        Assert.Equal((values, edges), (cluster.Sent.Count, cluster.SentBy.Count));

        // Each goes to both peers.
        Assert.All(cluster.SentBy.Values, stores => Assert.InRange(stores, 2 * 0.9 * values / edges, 2 * 1.1 * values / edges));
    });

    [Fact]
    public void Each_edge_sends_its_part_though_the_directory_moves_meanwhile() => _world.Run(async () =>
    {
        await using var cluster = new RepublishingCluster(_world);
        await cluster.StartAsync(9_000, edges: 3, ticks: TimeSpan.FromMinutes(10));
        for (var moved = 0; moved < 60; moved++)
        {
            await _world.PassAsync(TimeSpan.FromSeconds(30));
            cluster.MoveDirectory();
        }

        Assert.Equal((9_000, 0), (cluster.Sent.Count, cluster.SentTwice));
        Assert.All(cluster.SentBy.Values, stores => Assert.InRange(stores, 2 * 2_700, 2 * 3_300));
    });

    [Theory]
    [InlineData(3)]
    [InlineData(5)]
    [InlineData(8)]
    public void What_an_edge_has_not_sent_when_it_ends_others_send_within_minutes(int edges) => _world.Run(async () =>
    {
        const int values = 20_000;
        await using var cluster = new RepublishingCluster(_world);
        await cluster.StartAsync(values, edges, ticks: TimeSpan.FromSeconds(1));
        await _world.PassAsync(TimeSpan.FromSeconds(10));
        var before = cluster.Sent.Count;
        cluster.EndEdge(1);

        await _world.PassAsync(TimeSpan.FromMinutes(5));
        output.WriteLine($"{before} keys, and {cluster.Sent.Count} after it ended");
        Assert.InRange(before, 1_000, values - 1_000);
        Assert.Equal(values, cluster.Sent.Count);

        // What it was just sending may have arrived.
        Assert.InRange(cluster.SentTwice, 0, 64);
    });

    [Fact]
    public void What_an_edge_that_reaches_no_contact_was_to_send_others_send() => _world.Run(async () =>
    {
        await using var cluster = new RepublishingCluster(_world);
        await cluster.StartAsync(9_000, edges: 3, ticks: TimeSpan.FromHours(1));
        await _world.PassAsync(TimeSpan.FromMinutes(12));
        cluster.CutEdge(1);

        // But for what it was given until it noticed.
        await _world.PassAsync(TimeSpan.FromMinutes(53));
        output.WriteLine($"{cluster.Sent.Count} keys within the hour");
        Assert.InRange(cluster.Sent.Count, 8_500, 9_000);
        await _world.PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(9_000, cluster.Sent.Count);
    });

    /// <summary>Their shards offer them again in an hour.</summary>
    [Fact]
    public void What_nobody_answered_for_a_moment_goes_out_within_minutes() => _world.Run(async () =>
    {
        await using var cluster = new RepublishingCluster(_world);
        await cluster.StartAsync(6_000, edges: 2, ticks: TimeSpan.FromSeconds(1));
        await _world.PassAsync(TimeSpan.FromSeconds(10));
        cluster.CutEdge(0, TimeSpan.FromSeconds(20));
        cluster.CutEdge(1, TimeSpan.FromSeconds(20));
        await _world.PassAsync(TimeSpan.FromMinutes(4));
        output.WriteLine($"{cluster.Sent.Count} keys sent before they are tried again");
        Assert.InRange(cluster.Sent.Count, 1_000, 5_990);

        await _world.PassAsync(TimeSpan.FromMinutes(8));
        Assert.Equal(6_000, cluster.Sent.Count);
    });

    [Fact]
    public void A_shard_says_what_no_edge_has_sent_before_its_next_check() => _world.Run(async () =>
    {
        var said = new List<string>();
        var logger = Fake.Of<ILogger>((method, args) =>
        {
            if (method == nameof(ILogger.Log) && ((EventId)args[1]!).Id == 6018)
            {
                said.Add(args[2]!.ToString()!);
            }

            return method == nameof(ILogger.IsEnabled) ? true : null;
        });
        List<NodeId> due = [.. Enumerable.Range(0, 3).Select(Samples.Key).Order()];
        var republishing = new ShardRepublishing(
            "shard 7", new DirectoryHost(_world.Clock).Grains, new KnownEdges(_world.Clock), _world.Clock, Hour, TimeSpan.FromSeconds(10), logger);
        var ended = republishing.HandOverAsync(after => [.. due.Where(key => after is null || key > after)], CancellationToken.None);
        await _world.PassAsync(TimeSpan.FromMinutes(49));
        Assert.Empty(said);
        await _world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.True(ended.IsCompletedSuccessfully);
        Assert.Equal("3 due values of shard 7 were not sent within 00:50:00, by any edge; the next check begins anew", Assert.Single(said));
    });

    /// <summary>Each tick ends before the next one, which would find it under way: of a minute, too.</summary>
    [Theory]
    [InlineData(1)]
    [InlineData(6)]
    [InlineData(60)]
    public void A_tick_ends_before_the_next_one_comes(int minutes) => _world.Run(async () =>
    {
        using var ending = new CancellationTokenSource();
        var directory = new DirectoryHost(_world.Clock);
        await directory.JoinAsync("edge", new OfferedEdge(), ending.Token);
        var period = TimeSpan.FromMinutes(minutes);
        var republishing = new ShardRepublishing(
            "shard 7", directory.Grains, new KnownEdges(_world.Clock), _world.Clock, period, TimeSpan.FromSeconds(10), NullLogger.Instance);
        var ended = republishing.HandOverAsync(static after => after is null ? [Samples.Key(1)] : [], CancellationToken.None);
        await _world.PassAsync(period * 0.8);
        Assert.False(ended.IsCompleted);
        await _world.PassAsync(period * 0.1);
        Assert.True(ended.IsCompletedSuccessfully);
        ending.Cancel();
    });

    [Fact]
    public void A_directory_that_fails_for_longer_than_it_is_asked_delays_the_keys_until_it_answers() => _world.Run(async () =>
    {
        var edge = new OfferedEdge();
        List<NodeId> due = [.. Enumerable.Range(0, 3).Select(Samples.Key).Order()];
        await using var handOver = await HandOver.BeginAsync(_world, due, [edge], new IOException("The silo has left."));
        await _world.PassAsync(TimeSpan.FromMinutes(12));
        Assert.Empty(edge.Given);
        handOver.Directory.Failure = null;
        await _world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(due, edge.Given);
    });

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Edges_that_all_fail_once_are_given_the_keys_within_two_minutes(int count) => _world.Run(async () =>
    {
        List<OfferedEdge> edges =
            [.. Enumerable.Range(0, count).Select(_ => new OfferedEdge() { Takes = static offer => offer == 1 ? null : true })];
        var due = DrawKeys(40);
        await using var handOver = await HandOver.BeginAsync(_world, due, edges);
        await _world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(due, edges.SelectMany(static edge => edge.Given).Order());
    });

    /// <summary>It has lost what it took before, or reached nobody with it.</summary>
    [Fact]
    public void An_edge_that_fails_in_the_middle_is_given_all_again() => _world.Run(async () =>
    {
        var edge = new OfferedEdge() { Takes = static offer => offer == 2 ? null : true };
        var due = DrawKeys(3 * RepublishWork.MaxKeys);
        await using var handOver = await HandOver.BeginAsync(_world, due, [edge]);
        await _world.PassAsync(TimeSpan.FromSeconds(30));
        Assert.Equal(due[..RepublishWork.MaxKeys], edge.Given);
        await _world.PassAsync(TimeSpan.FromMinutes(1.5));
        Assert.Equal([.. due[..RepublishWork.MaxKeys], .. due], edge.Given);
    });

    /// <summary>Neither what it took itself, nor what it took of the edge that failed.</summary>
    [Theory]
    [InlineData(0)]
    [InlineData(30)]
    public void What_an_edge_has_taken_is_not_given_to_it_twice_as_another_fails(int refusedFor) => _world.Run(async () =>
    {
        var stays = new OfferedEdge() { Takes = _ => _world.Clock.Elapsed >= TimeSpan.FromSeconds(refusedFor) };
        var fails = new OfferedEdge() { Takes = static offer => offer == 1 ? true : null };
        var due = DrawKeys(3 * RepublishWork.MaxKeys);
        await using var handOver = await HandOver.BeginAsync(_world, due, [stays, fails]);
        await _world.PassAsync(TimeSpan.FromMinutes(4));
        Assert.InRange(fails.Given.Count, 1, RepublishWork.MaxKeys);
        Assert.Equal(due, stays.Given.Order());
    });

    [Fact]
    public void Whatever_edges_fail_or_refuse_each_key_is_with_one_that_answers_and_was_given_once() => _world.Run(async () =>
    {
        for (var run = 0; run < 20; run++)
        {
            // Of six edges at most five fail for good, after some offers; each takes about half of what it is offered in the first minutes.
            List<OfferedEdge> edges = [.. Enumerable.Range(0, 6).Select(i =>
            {
                var last = i == 0 || _world.Random.Next(4) == 0 ? int.MaxValue : 1 + _world.Random.Next(19);
                var end = _world.Clock.Elapsed + TimeSpan.FromMinutes(5);
                return new OfferedEdge()
                {
                    Takes = offer => offer >= last ? null : _world.Clock.Elapsed >= end || _world.Random.Next(2) == 0,
                };
            })];
            var due = DrawKeys(3_000);
            await using var handOver = await HandOver.BeginAsync(_world, due, edges);
            await _world.PassAsync(TimeSpan.FromMinutes(15));
            Assert.All(edges, static edge => Assert.Equal(edge.Given.Count, edge.Given.Distinct().Count()));
            Assert.Equal(due, edges.Where(static edge => !edge.HasFailed).SelectMany(static edge => edge.Given).Order());
        }
    });

    /// <summary>Another one, that waits, finds what is due since.</summary>
    [Fact]
    public void A_tick_that_another_waits_for_ends_once_all_is_handed_over() => _world.Run(async () =>
    {
        var taking = new OfferedEdge();
        await using var watched = await HandOver.BeginAsync(_world, DrawKeys(3), [taking]);
        await _world.PassAsync(TimeSpan.FromSeconds(10));
        Assert.False(watched.Ended.IsCompleted);
        Assert.True(watched.Republishing.EndSoon());
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.True(watched.Ended.IsCompletedSuccessfully);

        var end = _world.Clock.Elapsed + TimeSpan.FromMinutes(3);
        var refusing = new OfferedEdge() { Takes = _ => _world.Clock.Elapsed >= end };
        await using var offered = await HandOver.BeginAsync(_world, DrawKeys(3), [refusing]);
        await _world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.False(offered.Republishing.EndSoon());
        await _world.PassAsync(TimeSpan.FromSeconds(50));
        Assert.False(offered.Ended.IsCompleted);
        await _world.PassAsync(TimeSpan.FromSeconds(20));
        Assert.True(offered.Ended.IsCompletedSuccessfully);
        Assert.Equal(3, refusing.Given.Count);
    });

    private List<NodeId> DrawKeys(int count) => [.. Enumerable.Range(0, count).Select(_ => NodeId.Random(_world.Random)).Order()];

    private void Run(int keys) => _world.Run(async () =>
    {
        await using var cluster = new RepublishingCluster(_world);
        await cluster.StartAsync(keys);

        await _world.PassAsync(TimeSpan.FromMinutes(70));
        output.WriteLine($"{cluster.Sent.Count} keys of {keys} in 70 min");
        Assert.Equal(keys, cluster.Sent.Count);

        // The first shards have come to their next tick.
        for (var waited = 0; waited < 60 && cluster.Sweeps.Any(static sweep => sweep.Waiting > 0); waited++)
        {
            await _world.PassAsync(TimeSpan.FromSeconds(1));
        }

        Assert.All(cluster.Sweeps, sweep => Assert.Equal((0, false, sweep.Regions), (sweep.Waiting, sweep.MissesInterval, sweep.RegionsDone)));
        Assert.All(cluster.Sweeps, sweep => Assert.True(sweep.EndedAt > sweep.BegunAt, $"{sweep}"));

        await _world.PassAsync(TimeSpan.FromMinutes(65));
        output.WriteLine($"longest gap {cluster.LongestGap.TotalMinutes:0.0} min");
        Assert.InRange(cluster.LongestGap, TimeSpan.FromMinutes(50), TimeSpan.FromMinutes(70));
        Assert.All(cluster.Sent.Values, at => Assert.True(at > TimeSpan.FromMinutes(65)));
    });
}

// A cluster's republishing on virtual time: the real hand-over of shards, directory of edges, schedules, republishers and engines of edges.
// Shards are stand-ins. The peers take everything and hold nothing.
internal sealed class RepublishingCluster(SimulatedWorld world) : IAsyncDisposable
{
    private static readonly TimeSpan Hour = TimeSpan.FromHours(1);
    private static readonly DhtValue Value = DhtValue.FromBytes(new byte[64]);

    private readonly List<DhtNode> _nodes = [];
    private readonly List<UdpEndpoint> _endpoints = [];
    private readonly List<RawPeer> _peers = [];
    private readonly List<Task> _loops = [];
    private readonly List<CancellationTokenSource> _ends = [];
    private readonly DirectoryHost _directory = new(world.Clock);
    private readonly KnownEdges _known = new(world.Clock);
    private readonly SiblingIds _siblings = new(world.Clock);
    private readonly CancellationTokenSource _stopping = new();
    private readonly InMemoryKeyStore _store = new(StoreQuota.Unlimited);
    private readonly List<NodeId>[] _shards = [.. Enumerable.Range(0, 128).Select(_ => new List<NodeId>())];

    private TimeProvider Time => world.Clock;

    public Dictionary<NodeId, TimeSpan> Sent { get; } = [];

    /// <summary>How far each edge is.</summary>
    public IEnumerable<SweepProgress> Sweeps => _nodes.Select(node => node.Sweeps.Read());

    /// <summary>STOREs that arrived, by the id that sent them.</summary>
    public Dictionary<NodeId, int> SentBy { get; } = [];

    public TimeSpan LongestGap { get; private set; }

    /// <summary>STOREs of keys that had gone out before, and not a moment ago.</summary>
    public int SentTwice { get; private set; }

    public async Task StartAsync(int keys, int edges = 2, TimeSpan? ticks = null)
    {
        _peers.AddRange(Enumerable.Range(0, 2).Select(_ => new RawPeer(world.Network.Bind(), NodeId.Random(world.Random))));
        _peers.ForEach(peer => peer.OnRequest = (request, id, answer) => Answer(peer, request, id, answer));
        for (var i = 0; i < edges; i++)
        {
            await StartEdgeAsync($"{i}");
        }

        await RefreshSiblingsAsync();

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
            _loops.Add(TickAsync(shard, (i + world.Random.NextDouble()) * (ticks ?? Hour) / _shards.Length));
        }
    }

    /// <summary>Cuts an edge off from all contacts; its silos still reach it.</summary>
    public void CutEdge(int index, TimeSpan? length = null) => world.Network.Cut([_endpoints[index]], length ?? TimeSpan.FromHours(9));

    /// <summary>Ends an edge as a kill does: what it has taken is lost, and its lease ends for want of a renewal.</summary>
    public void EndEdge(int index) => _ends[index].Cancel();

    /// <summary>Has the directory begin anew, as when its silo restarts.</summary>
    public void MoveDirectory() => _directory.Move();

    public async ValueTask DisposeAsync()
    {
        // CancelAsync would go on in another thread than the simulation's.
        _stopping.Cancel();
        _ends.ForEach(end => end.Cancel());
        await Task.WhenAll(_loops);
        foreach (var node in _nodes)
        {
            await node.DisposeAsync();
        }

        _ends.ForEach(end => end.Dispose());
        _stopping.Dispose();
    }

    private int Answer(RawPeer peer, Request request, MessageId id, Span<byte> answer)
    {
        if (request.Kind != RequestKind.Store)
        {
            return request.Kind == RequestKind.Ping ? peer.AnswerPings(request, id, answer) : ResponseWriter.WriteNodes(answer, id, []);
        }

        var key = request.AsStore().Key;
        if (Sent.TryGetValue(key, out var last))
        {
            var gap = world.Clock.Elapsed - last;
            LongestGap = gap > LongestGap ? gap : LongestGap;
            SentTwice += gap > TimeSpan.FromSeconds(10) ? 1 : 0;
        }

        Sent[key] = world.Clock.Elapsed;
        CollectionsMarshal.GetValueRefOrAddDefault(SentBy, request.Sender, out _)++;
        return ResponseWriter.WriteStored(answer, id, true);
    }

    private async Task StartEdgeAsync(string name)
    {
        var options = new KadNodeOptions();
        var end = new CancellationTokenSource();
        _ends.Add(end);
        var desk = new ScheduleDesk(end.Token);
        var id = (await _directory.JoinAsync(name, desk, end.Token)).NodeIds[0];
        var table = new LocalRoutingTable(id, options.Kademlia, new SubnetDiversity(new SubnetLimits(), AddressRangeSet.Parse([])), Time);
        var transport = world.Network.Bind();
        var node = new DhtNode(options, transport, table, _store, world.Environment, siblings: _siblings);
        var schedule = new ClusterMaintenanceSchedule(id);
        var runner = new MaintenanceRunner(node, _store, new InMemoryPublicationStore(0), schedule, _ => Task.CompletedTask, world.Environment);
        _nodes.Add(node);
        _endpoints.Add(transport.Endpoint);
        node.Start();
        await node.BootstrapAsync(_peers.Select(peer => $"{peer.Endpoint}"));
        _loops.Add(runner.RunAsync(end.Token));
        desk.Serve(node, schedule);
    }

    private async Task RefreshSiblingsAsync() =>
        _siblings.Update((await _known.ReadAsync(version => _directory.Directory.ListAsync(version).AsTask())).SelectMany(edge => edge.NodeIds));

    private async Task TickAsync(List<NodeId> shard, TimeSpan first)
    {
        var republishing = new ShardRepublishing("shard 0000", _directory.Grains, _known, Time, Hour, TimeSpan.FromSeconds(10), NullLogger.Instance);
        try
        {
            await Task.Delay(first, Time, _stopping.Token);
            while (true)
            {
                var tick = Time.GetTimestamp();
                var now = Time.GetUtcNow();
                await republishing.HandOverAsync(after => FindDue(shard, after, now), _stopping.Token);
                await Task.Delay(Hour - TimeSpan.FromTicks(Time.GetElapsedTime(tick).Ticks % Hour.Ticks), Time, _stopping.Token);
            }
        }
        catch (OperationCanceledException)
        {
            // The run is over.
        }
    }

    private List<NodeId> FindDue(List<NodeId> shard, NodeId? after, DateTimeOffset now)
    {
        var options = new KademliaOptions();
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
