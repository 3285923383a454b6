using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Simulation;

namespace KadOrleans.Node.Tests.Values;

public sealed class HandOffTests
{
    private readonly SimulatedWorld _world = new(seed: 14);

    [Fact]
    public void A_newcomer_gets_the_values_it_is_nearest_to() => _world.Run(async () =>
    {
        var first = await _world.StartNodeAsync();
        for (var i = 0; i < 100; i++)
        {
            await first.Node.SetAsync($"key {i}", DhtValue.FromInteger(i));
        }

        var newcomer = await _world.StartNodeAsync();
        await newcomer.Node.BootstrapAsync([$"{first.Transport.Endpoint}"]);
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        Assert.Equal(100, (await newcomer.Store.GetUsageAsync()).Keys);
    });

    [Fact]
    public void In_a_large_network_only_the_nearest_holder_hands_over_and_only_what_belongs_there() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(100);
        const int Keys = 100;
        for (var i = 0; i < Keys; i++)
        {
            await _world.PickNode().Node.SetAsync($"key {i}", DhtValue.FromInteger(i));
        }

        var newcomer = await _world.StartNodeAsync();
        await newcomer.Node.BootstrapAsync([$"{_world.Nodes[0].Transport.Endpoint}"]);
        await _world.PassAsync(TimeSpan.FromMinutes(5));

        // It is among the 20 nearest of 101 nodes for about a fifth of the keys.
        var received = (await newcomer.Store.GetUsageAsync()).Keys;
        var stores = newcomer.Node.Engine.Counts["received.Store"];
        Assert.InRange(received, 10, 40);
        Assert.InRange(stores, received, received * 2);
    });

    [Fact]
    public void Hand_off_is_limited_in_rate() => _world.Run(async () =>
    {
        _world.Network.Conditions = new NetworkConditions { MinDelay = TimeSpan.Zero, MaxDelay = TimeSpan.Zero };
        var first = await _world.StartNodeAsync();
        for (var i = 0; i < 2_000; i++)
        {
            await first.Node.SetAsync($"key {i}", DhtValue.FromInteger(i));
        }

        var newcomer = await _world.StartNodeAsync();
        await newcomer.Node.BootstrapAsync([$"{first.Transport.Endpoint}"]);
        await _world.PassAsync(TimeSpan.FromSeconds(2));

        Assert.InRange((await newcomer.Store.GetUsageAsync()).Keys, 320, 700);
    });

    [Fact]
    public void A_slow_newcomer_does_not_keep_the_next_one_waiting() => _world.Run(async () =>
    {
        var first = await _world.StartNodeAsync();
        for (var i = 0; i < 5_000; i++)
        {
            await first.Node.SetAsync($"key {i}", DhtValue.FromInteger(i));
        }

        // Some 70 ms there and back, so five thousand values take six minutes.
        var slow = await _world.StartNodeAsync();
        await slow.Node.BootstrapAsync([$"{first.Transport.Endpoint}"]);
        var next = await _world.StartNodeAsync();
        await next.Node.BootstrapAsync([$"{first.Transport.Endpoint}"]);
        await _world.PassAsync(TimeSpan.FromMinutes(2));

        Assert.InRange((await slow.Store.GetUsageAsync()).Keys, 500, 1_500);
        Assert.InRange((await next.Store.GetUsageAsync()).Keys, 100, 1_500);
    });

    [Fact]
    public void A_newcomer_that_refuses_is_left_alone() => _world.Run(async () =>
    {
        var first = await _world.StartNodeAsync();
        for (var i = 0; i < 20; i++)
        {
            await first.Node.SetAsync($"key {i}", DhtValue.FromInteger(i));
        }

        var newcomer = await _world.StartNodeAsync(o => o.Quota = new StoreQuota { TotalKeys = 0 });

        await newcomer.Node.BootstrapAsync([$"{first.Transport.Endpoint}"]);
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        // It may refuse a few, of which it has something newer.
        Assert.Equal(9, newcomer.Node.Engine.Counts["received.Store"]);
    });

    [Fact]
    public void What_is_handed_over_has_the_life_that_is_left() => _world.Run(async () =>
    {
        var first = await _world.StartNodeAsync();
        await first.Node.SetAsync("key", DhtValue.FromInteger(1));
        var expiresAt = _world.Clock.GetUtcNow() + TimeSpan.FromDays(7);
        await _world.PassAsync(TimeSpan.FromHours(12));

        var newcomer = await _world.StartNodeAsync();
        await newcomer.Node.BootstrapAsync([$"{first.Transport.Endpoint}"]);
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        var held = await newcomer.Store.GetAsync(NodeId.FromKey("key"), _world.Clock.GetUtcNow());
        Assert.InRange(held!.ExpiresAt, expiresAt - TimeSpan.FromSeconds(1), expiresAt + TimeSpan.FromSeconds(1));
    });
}
