using KadOrleans.Cluster.Tests.Grains;

namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>What shards count on when they hand work to an edge.</summary>
public abstract class EdgeDeskContract
{
    protected static NodeId Id { get; } = Samples.Key(1);

    internal abstract IEdgeDesk Desk { get; }

    /// <summary>Gives it enough to do.</summary>
    protected abstract Task FillAsync();

    protected abstract void EndEdge();

    [Fact]
    public async Task Work_for_an_id_that_it_serves_is_taken()
    {
        await Desk.ConfirmAsync();
        Assert.True(await Desk.AcceptAsync(new RepublishWork(Id, [Samples.Key(2)])));
    }

    [Fact]
    public Task Work_for_another_id_fails() =>
        Assert.ThrowsAsync<NoLiveEdgeException>(() => Desk.AcceptAsync(new RepublishWork(Samples.Key(3), [Samples.Key(2)])));

    [Fact]
    public async Task An_edge_with_enough_to_do_refuses_work_and_does_not_fail()
    {
        await FillAsync();
        Assert.False(await Desk.AcceptAsync(new RepublishWork(Id, [Samples.Key(2)])));
    }

    [Fact]
    public async Task Work_for_an_edge_that_has_ended_fails()
    {
        EndEdge();
        await Assert.ThrowsAsync<NoLiveEdgeException>(() => Desk.AcceptAsync(new RepublishWork(Id, [Samples.Key(2)])));
    }

    protected async Task OfferUntilRefusedAsync()
    {
        NodeId[] keys = [.. Enumerable.Range(0, RepublishWork.MaxKeys).Select(Samples.Key)];
        for (var offers = 0; await Desk.AcceptAsync(new RepublishWork(Id, keys)); offers++)
        {
            Assert.InRange(offers, 0, ClusterMaintenanceSchedule.RepublishCapacity);
        }
    }
}

/// <summary>The desk of an edge that runs.</summary>
public sealed class EdgeDeskTests : EdgeDeskContract, IAsyncLifetime
{
    private readonly SimulatedWorld _world = new(seed: 4);
    private readonly EdgeDesk _desk = new();
    private readonly ClockWatch _watch;
    private readonly GrainKeyStore _store;
    private readonly EdgeNode _node;

    public EdgeDeskTests()
    {
        var grains = Fake.Of<IGrainFactory>((_, _) => throw new IOException("There is no silo."));
        var tables = Fake.Of<IRoutingTableGrain>((_, _) => throw new IOException("There is no silo."));
        var options = new KadEdgeOptions { Name = "edge-1" };
        _watch = new ClockWatch(_world.Clock, NullLogger<ClockWatch>.Instance);
        var context = new EdgeContext(
            options, new EdgeTiming(), grains, _world.Environment, new EdgeHealth(options, _world.Clock, _watch), _watch);
        _store = new GrainKeyStore(grains, ShardLayout.Of(4), _world.Clock, NullLogger<GrainKeyStore>.Instance);
        _node = new EdgeNode(
            context,
            new ClusterRoutingTable(
                Fake.Of<IGrainFactory>((_, _) => tables), Id, epoch: 1, _world.Clock, NullLogger<ClusterRoutingTable>.Instance),
            _world.Network.Bind(),
            _store,
            new KademliaOptions());
        _desk.Serve([_node]);
    }

    internal override IEdgeDesk Desk => _desk;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        await _store.DisposeAsync();
        _watch.Dispose();
    }

    protected override Task FillAsync() => OfferUntilRefusedAsync();

    protected override void EndEdge() => _desk.Serve([]);
}

public sealed class ScheduleDeskTests : EdgeDeskContract, IAsyncLifetime
{
    private readonly CancellationTokenSource _ending = new();
    private readonly ScheduleDesk _desk;
    private readonly DhtNode _node;

    public ScheduleDeskTests()
    {
        var world = new SimulatedWorld(seed: 4);
        var options = new KadNodeOptions();
        var table = new LocalRoutingTable(Id, options.Kademlia, new SubnetDiversity(new SubnetLimits(), AddressRangeSet.Parse([])), world.Clock);
        _node = new DhtNode(options, world.Network.Bind(), table, new InMemoryKeyStore(StoreQuota.Unlimited), world.Environment);
        _desk = new ScheduleDesk(_ending.Token);
        _desk.Serve(_node, new ClusterMaintenanceSchedule(Id));
    }

    internal override IEdgeDesk Desk => _desk;

    public ValueTask InitializeAsync() => ValueTask.CompletedTask;

    public async ValueTask DisposeAsync()
    {
        await _node.DisposeAsync();
        _ending.Dispose();
    }

    protected override Task FillAsync() => OfferUntilRefusedAsync();

    protected override void EndEdge() => _ending.Cancel();
}

public sealed class TestEdgeDeskTests : EdgeDeskContract
{
    private readonly TestEdge _edge = new() { ServedId = Id };

    internal override IEdgeDesk Desk => _edge;

    protected override Task FillAsync() => Task.FromResult(_edge.TakesWork = false);

    protected override void EndEdge() => _edge.IsStopping = true;
}

public sealed class OfferedEdgeDeskTests : EdgeDeskContract
{
    private bool? _takes = true;

    internal override IEdgeDesk Desk => field ??= new OfferedEdge { ServedId = Id, Takes = _ => _takes };

    protected override Task FillAsync()
    {
        _takes = false;
        return Task.CompletedTask;
    }

    protected override void EndEdge() => _takes = null;
}
