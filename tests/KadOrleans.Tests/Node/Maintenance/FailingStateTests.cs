namespace KadOrleans.Tests.Node;

/// <summary>What becomes of a node whose storage, maintenance or name service fails.</summary>
public sealed class FailingStateTests
{
    private readonly SimulatedWorld _world = new(seed: 34);

    [Fact]
    public async Task Joining_before_the_start_says_so()
    {
        await using var node = new KadNode(
            new KadNodeOptions(), _world.Network.Bind(), new InMemoryKeyStore(new StoreQuota()), new InMemoryNodeStateStore(), _world.Environment);

        var error = await Assert.ThrowsAsync<InvalidOperationException>(() => node.JoinAsync());

        Assert.Equal("The node has not been started: start its host, or call StartAsync, first.", error.Message);
    }

    [Fact]
    public void A_node_that_has_an_id_starts_and_serves_what_it_holds_and_one_without_does_not() => _world.Run(async () =>
    {
        var saved = new NodeState(NodeId.Random(_world.Random), []);
        await using var node = await _world.StartAsync(states: new States(saved, new KeyStoreException("The disk is full.")));
        await node.SetAsync("key", DhtValue.FromInteger(1));

        Assert.Equal(saved.Id, node.Id);
        Assert.Equal(DhtValue.FromInteger(1), (await node.GetAsync("key")).Value);

        // It would forget its id.
        var states = new States(null, new KeyStoreException("The disk is full."));
        await Assert.ThrowsAsync<KeyStoreException>(() => _world.StartAsync(states: states));
    });

    [Theory]
    [InlineData(null)]
    [InlineData(60)]
    public void A_set_that_the_nodes_own_storage_fails_reaches_nobody_and_is_no_success(int? life) => _world.Run(async () =>
    {
        await using var store = new ScriptedStore();
        await using var node = await _world.StartAsync(store: store);
        var other = await _world.StartNodeAsync();
        await node.PingAsync(other.Transport.Endpoint);
        Task<SetResult> SetAsync(int value) => life is { } seconds
            ? node.SetAsync(NodeId.FromKey("key"), DhtValue.FromInteger(value), TimeSpan.FromSeconds(seconds))
            : node.SetAsync("key", DhtValue.FromInteger(value));
        await SetAsync(1);

        store.Result = StoreResult.StorageFailed;
        var result = await SetAsync(2);

        Assert.Equal((false, StoreResult.StorageFailed, 0), (result.Succeeded, result.Local, result.Stored));
        Assert.Equal(DhtValue.FromInteger(1), (await other.Node.GetAsync("key")).Value);
        Assert.Equal(DhtValue.FromInteger(1), (await node.GetAsync("key")).Value);
    });

    [Fact]
    public void A_node_stops_whose_storage_was_closed_before_it() => _world.Run(async () =>
    {
        var saved = new NodeState(NodeId.Random(_world.Random), []);
        var node = await _world.StartAsync(states: new States(saved, new ObjectDisposedException("database")));
        var endpoint = node.LocalEndpoints[0];

        await node.DisposeAsync();

        // Its place on the network is free again.
        await _world.Network.Bind(endpoint).DisposeAsync();
    });

    [Fact]
    public void Work_that_gives_itself_up_ends_neither_maintenance_nor_the_stop() => _world.Run(async () =>
    {
        var store = new ScriptedStore();
        store.BeforeRemoval = () => throw new TaskCanceledException("It took too long.");
        var node = await _world.StartAsync(options => options.TrustClock = true, store);

        await _world.PassAsync(TimeSpan.FromMinutes(3.5));
        await node.DisposeAsync();

        Assert.Equal(4, store.Removals);
        Assert.True(store.IsDisposed);
    });

    [Fact]
    public void Maintenance_that_cannot_go_on_is_reported_and_the_node_stops_in_order() => _world.Run(async () =>
    {
        var store = new ScriptedStore();
        store.BeforeRemoval = () => throw new InvalidOperationException("It is broken.");
        var log = new RecordingLog { OnFailure = () => throw new IOException("The log is full.") };
        var node = await _world.StartAsync(options => options.TrustClock = true, store, log: log);
        Assert.False(node.Completion.IsCompleted);

        var failure = await Assert.ThrowsAsync<IOException>(() => node.Completion.WaitAsync(TimeSpan.FromMinutes(2), _world.Clock));
        await node.DisposeAsync();

        Assert.Equal("The log is full.", failure.Message);
        Assert.True(store.IsDisposed);
    });

    [Fact]
    public void A_name_service_that_gives_up_is_a_problem_of_its_bootstrap_node_alone() => _world.Run(async () =>
    {
        var other = await _world.StartNodeAsync();
        await using var node = await _world.StartAsync(
            environment: _world.Environment with { Resolver = (_, _) => throw new TaskCanceledException("The name service gave up.") });

        var result = await node.BootstrapAsync(["node.example.org:8468", $"{other.Transport.Endpoint}"]);

        Assert.Equal(1, result.Joined);
        Assert.Equal(
            "The host name 'node.example.org' could not be resolved: The name service gave up.",
            result.Attempts[0].Problem);
    });

    private sealed class States(NodeState? saved, Exception failure) : INodeStateStore
    {
        public ValueTask<NodeState?> LoadAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(saved);

        public ValueTask SaveAsync(NodeState state, CancellationToken cancellationToken = default) => ValueTask.FromException(failure);
    }
}
