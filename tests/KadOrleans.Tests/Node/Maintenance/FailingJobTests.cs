namespace KadOrleans.Tests.Node;

/// <summary>Maintenance that fails is tried again, at a pace that neither the processor nor the log suffers by.</summary>
public sealed class FailingJobTests
{
    /// <summary>So that a loop without pauses ends.</summary>
    private const int Hot = 10_000;

    private readonly SimulatedWorld _world = new(seed: 50);
    private readonly List<double> _at = [];

    [Fact]
    public void A_job_that_fails_is_tried_again_after_a_second_that_doubles_up_to_a_minute() => _world.Run(async () =>
    {
        await RunAsync(_ => throw new InvalidOperationException("It is broken."), TimeSpan.FromMinutes(5));

        Assert.Equal([0, 1, 3, 7, 15, 31, 63, 123, 183, 243], _at);
    });

    [Fact]
    public void A_success_or_a_long_run_sets_the_pause_back() => _world.Run(async () =>
    {
        await RunAsync(
            async run =>
            {
                // The third one works; the seventh goes on for two minutes before it fails.
                await (run == 6 ? _world.PassAsync(TimeSpan.FromMinutes(2)) : Task.CompletedTask);
                return run == 2 ? TimeSpan.FromSeconds(10) : throw new InvalidOperationException("It is broken.");
            },
            TimeSpan.FromMinutes(3));

        Assert.Equal([0, 1, 3, 13, 14, 16, 20, 141, 143, 147, 155, 171], _at);
    });

    [Fact]
    public void A_hand_off_that_fails_is_no_hot_loop() => _world.Run(async () =>
    {
        var other = await _world.StartNodeAsync(Without.Walks);
        var (store, scans) = (new ScriptedStore(), 0);
        await using var node = await _world.StartAsync(Without.Walks, store);
        store.BeforeScan = () => _ = ++scans < Hot ? throw new InvalidOperationException("It is broken.") : true;

        await node.BootstrapAsync([$"{other.Transport.Endpoint}"]);
        await _world.PassAsync(TimeSpan.FromMinutes(10));

        // With what else looks through the store once a minute.
        Assert.InRange(scans, 10, 100);
    });

    [Fact]
    public void A_node_whose_maintenance_fails_goes_on() => _world.Run(async () =>
    {
        var store = new ScriptedStore();
        var log = new RecordingLog();
        await using var node = await _world.StartAsync(Without.Walks, store, log: log);
        store.BeforeScan = () => throw new InvalidOperationException("It is broken.");

        await _world.PassAsync(TimeSpan.FromHours(1));

        Assert.False(node.Completion.IsCompleted);
        Assert.True((await node.SetAsync("key", DhtValue.FromInteger(1))).Succeeded);
    });

    [Fact]
    public void A_look_that_fails_drops_no_keys_that_wait_for_the_same_sweep() => _world.Run(async () =>
    {
        var key = NodeId.FromKey("key");
        var holder = await _world.StartNodeAsync(Without.Walks);
        var (store, publications, options) = (new ScriptedStore(), new InMemoryPublicationStore(10), new KadNodeOptions());
        Without.Walks(options);
        var table = new LocalRoutingTable(
            NodeId.Random(_world.Random), options.Kademlia, new SubnetDiversity(options.Subnets, AddressRangeSet.Parse([])), _world.Clock);
        await using var node = new DhtNode(options, _world.Network.Bind(), table, store, _world.Environment);
        node.Start();
        await node.BootstrapAsync([$"{holder.Transport.Endpoint}"]);
        await _world.PassAsync(TimeSpan.FromMinutes(1));
        var now = _world.Clock.GetUtcNow();
        await store.PutAsync(key, new StoredValue(DhtValue.FromInteger(1), now, now + TimeSpan.FromDays(1), SourceNetwork.Trusted), PutKind.Publication);
        var ended = 0;
        store.BeforeScan = () => throw new InvalidOperationException("It is broken.");

        // Both wait when the sweep begins.
        var schedule = new ListedSchedule(
            new MaintenanceTask.RepublishKeys([key]) { IsAfterCut = true, Ended = () => ended++ }, new MaintenanceTask.Republish());
        var runner = new MaintenanceRunner(node, store, publications, schedule, _ => Task.CompletedTask, _world.Environment);
        using var stopping = new CancellationTokenSource();
        var running = runner.RunAsync(stopping.Token);
        await _world.PassAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(DhtValue.FromInteger(1), (await holder.Store.GetAsync(key, _world.Clock.GetUtcNow()))?.Value);
        Assert.Equal(1, ended);
        Assert.Equal(0, node.Sweeps.Read().Waiting);
        stopping.Cancel();
        await running;
    });

    private async Task RunAsync(Func<int, Task<TimeSpan>> check, TimeSpan time)
    {
        var begun = _world.Clock.GetTimestamp();
        using var stopping = new CancellationTokenSource();
        var job = new MaintenanceJob("job", async _ =>
        {
            if (_at.Count == Hot)
            {
                stopping.Cancel();
                stopping.Token.ThrowIfCancellationRequested();
            }

            _at.Add(_world.Clock.GetElapsedTime(begun).TotalSeconds);
            return await check(_at.Count - 1);
        });
        var running = job.RunAsync(_world.Clock, NullLogger.Instance, stopping.Token);
        await _world.PassAsync(time);
        stopping.Cancel();
        await running;
    }
}
