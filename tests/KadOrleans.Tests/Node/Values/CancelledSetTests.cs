namespace KadOrleans.Tests.Node;

public sealed class CancelledSetTests
{
    private readonly SimulatedWorld _world = new(seed: 35);

    [Fact]
    public void A_set_that_is_given_up_during_its_lookup_stores_nothing() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(10, Without.Walks);
        var node = _world.Nodes[0];
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(90), _world.Clock);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => node.Node.SetAsync("key", DhtValue.FromInteger(1), cancellation.Token));
        await _world.PassAsync(TimeSpan.FromSeconds(10));

        Assert.All(_world.Nodes, n => Assert.Equal(0, n.Node.Engine.Counts["stores.accepted"]));
        Assert.Equal(0, (await node.Store.GetUsageAsync()).Keys);
    });
}
