namespace KadOrleans.Tests.Node;

public sealed class MaintenanceFailureTests
{
    private readonly SimulatedWorld _world = new(seed: 34);
    private readonly ScriptedStore _store = new();

    [Fact]
    public void Work_that_gives_itself_up_ends_neither_maintenance_nor_the_stop() => _world.Run(async () =>
    {
        _store.BeforeRemoval = () => throw new TaskCanceledException("It took too long.");
        var node = await _world.StartAsync(options => options.TrustClock = true, _store);

        await _world.PassAsync(TimeSpan.FromMinutes(3.5));
        await node.DisposeAsync();

        Assert.Equal(4, _store.Removals);
        Assert.True(_store.IsDisposed);
    });

    [Fact]
    public void Maintenance_that_cannot_go_on_is_reported_and_the_node_stops_in_order() => _world.Run(async () =>
    {
        _store.BeforeRemoval = () => throw new InvalidOperationException("It is broken.");
        var log = new RecordingLog { OnFailure = () => throw new IOException("The log is full.") };
        var node = await _world.StartAsync(options => options.TrustClock = true, _store, log: log);
        Assert.False(node.Completion.IsCompleted);

        var failure = await Assert.ThrowsAsync<IOException>(() => node.Completion.WaitAsync(TimeSpan.FromMinutes(2), _world.Clock));
        await node.DisposeAsync();

        Assert.Equal("The log is full.", failure.Message);
        Assert.True(_store.IsDisposed);
    });

    [Fact]
    public void A_name_service_that_gives_up_is_a_problem_of_its_bootstrap_node_alone() => _world.Run(async () =>
    {
        var other = await _world.StartNodeAsync();
        var environment = _world.Environment with
        {
            Resolver = (_, _) => throw new TaskCanceledException("The name service gave up."),
        };
        await using var node = new KadNode(
            new KadNodeOptions(), _world.Network.Bind(), _store, new InMemoryNodeStateStore(), environment);
        await node.StartAsync();

        var result = await node.BootstrapAsync(["node.example.org:8468", $"{other.Transport.Endpoint}"]);

        Assert.Equal(1, result.Joined);
        Assert.Equal(
            "The host name 'node.example.org' could not be resolved: The name service gave up.",
            result.Attempts[0].Problem);
    });
}
