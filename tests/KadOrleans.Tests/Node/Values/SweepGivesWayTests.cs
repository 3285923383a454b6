namespace KadOrleans.Tests.Node;

/// <summary>Upkeep slows down while requests have to wait until they are read, and goes on after that.</summary>
public sealed class SweepGivesWayTests
{
    private const int Values = 30_000;

    private static readonly TimeSpan Second = TimeSpan.FromSeconds(1);

    private readonly SimulatedWorld _world = new(seed: 4);

    [Fact]
    public void A_sweep_gives_way_to_requests() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(3);
        var node = _world.Nodes[0];
        for (var i = 0; i < Values; i++)
        {
            var now = _world.Clock.GetUtcNow();
            var value = new StoredValue(DhtValue.FromBoolean(true), now.AddHours(-2), now.AddDays(1), default);
            await node.Store.PutAsync(NodeId.Random(_world.Random), value, PutKind.Import);
        }

        for (var waited = 0; Sent() == 0; waited++)
        {
            Assert.InRange(waited, 0, 180);
            await _world.PassAsync(Second);
        }

        var usual = await CountAsync(age: null);
        var late = await CountAsync(Second / 2);
        var after = await CountAsync(age: null);

        Assert.InRange(usual, 4_000, 6_000);
        Assert.InRange(late, 900, 1_300);
        Assert.InRange(after, 3_500, 6_000);

        // The values that go out in ten seconds, while the node reads datagrams of some age.
        async Task<long> CountAsync(TimeSpan? age)
        {
            var before = Sent();
            for (var i = 0; i < 2_000; i++)
            {
                node.Node.Engine.Receive([0], _world.Nodes[1].Contact.Endpoint, route: null, age ?? TimeSpan.Zero);
                await _world.PassAsync(Second / 200);
            }

            return Sent() - before;
        }

        long Sent() => _world.Nodes[1].Store.GetUsageAsync().AsTask().Result.Keys;
    });

    [Fact]
    public void One_datagram_that_a_set_clock_makes_hours_old_is_no_lag_for_long()
    {
        var lag = new ReceiveLag();
        lag.Record(TimeSpan.FromHours(9));
        for (var i = 0; i < 20; i++)
        {
            lag.Record(TimeSpan.Zero);
        }

        Assert.False(lag.IsNoticed);
        lag.Record(TimeSpan.FromHours(-9));
        Assert.False(lag.IsNoticed);
    }
}
