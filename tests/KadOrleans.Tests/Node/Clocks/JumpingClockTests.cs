namespace KadOrleans.Tests.Node;

/// <summary>The system's clock is wrong for a while: no value is lost by it.</summary>
public sealed class JumpingClockTests
{
    private const int Values = 50;

    private readonly SimulatedWorld _world = new(seed: 71);

    [Fact]
    public void A_clock_that_was_behind_at_the_start_and_is_set_right_costs_nothing() => _world.Run(async () =>
    {
        _world.Clock.SetWallClock(-TimeSpan.FromDays(30));
        var node = await StartWithValuesAsync();
        await node.Node.SetAsync(NodeId.FromKey("own"), DhtValue.FromInteger(7));
        await _world.PassAsync(TimeSpan.FromMinutes(2));

        _world.Clock.SetWallClock(TimeSpan.FromDays(30));
        for (var minute = 0; minute < 30; minute++)
        {
            await _world.PassAsync(TimeSpan.FromMinutes(1));
            Assert.Equal(Values, await CountAsync(node));
        }

        // Their lives go on by the right clock, and end with it; what is published from here lives on.
        await _world.PassAsync(TimeSpan.FromDays(7) - TimeSpan.FromMinutes(40));
        Assert.Equal(Values, await CountAsync(node));
        await _world.PassAsync(TimeSpan.FromMinutes(40));
        Assert.Equal(0, await CountAsync(node));
        Assert.Equal(DhtValue.FromInteger(7), (await node.Node.GetAsync("own")).Value);
        Assert.Equal(1, (await node.Node.DescribeAsync()).Usage.Keys);
    });

    [Fact]
    public void A_clock_that_is_ahead_at_the_start_removes_nothing_before_it_is_set_right() => _world.Run(async () =>
    {
        var storedAt = _world.Clock.GetUtcNow();
        _world.Clock.SetWallClock(TimeSpan.FromDays(8));
        var node = await _world.StartNodeAsync();
        await FillAsync(node, storedAt);
        await _world.PassAsync(TimeSpan.FromMinutes(5));
        Assert.Equal(0, await CountAsync(node));

        _world.Clock.SetWallClock(-TimeSpan.FromDays(8));

        Assert.Equal(Values, await CountAsync(node));
        await _world.PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(Values, await CountAsync(node));
    });

    [Fact]
    public void A_new_time_is_believed_after_ten_minutes_and_one_of_a_minute_costs_nothing() => _world.Run(async () =>
    {
        var node = await StartWithValuesAsync();
        await _world.PassAsync(TimeSpan.FromMinutes(20));
        _world.Clock.SetWallClock(TimeSpan.FromDays(8));
        await _world.PassAsync(TimeSpan.FromSeconds(65));
        Assert.Equal(Values, await CountAsync(node));
        _world.Clock.SetWallClock(-TimeSpan.FromDays(8));
        await _world.PassAsync(TimeSpan.FromMinutes(11));
        Assert.Equal(Values, await CountAsync(node));
        Assert.Equal((true, TimeSpan.Zero), await ClockAsync(node));

        _world.Clock.SetWallClock(TimeSpan.FromHours(20));
        await _world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal((false, TimeSpan.FromHours(20)), await ClockAsync(node));
        await _world.PassAsync(TimeSpan.FromMinutes(11));
        Assert.Equal((true, TimeSpan.Zero), await ClockAsync(node));

        // Twenty hours are gone from the lives.
        await _world.PassAsync(TimeSpan.FromDays(7) - TimeSpan.FromHours(21));
        Assert.Equal(Values, await CountAsync(node));
        await _world.PassAsync(TimeSpan.FromHours(1));
        Assert.Equal(0, await CountAsync(node));
    });

    [Fact]
    public void A_publication_made_while_the_clock_was_behind_is_not_due_when_the_clock_is_set_right() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        await node.Node.SetAsync(Key(0), DhtValue.FromInteger(0));
        var before = (await node.Node.Admin.DescribeKeyAsync(Key(0))).PublishedAt!.Value;

        _world.Clock.SetWallClock(TimeSpan.FromDays(30));
        await _world.PassAsync(TimeSpan.FromMinutes(12));

        Assert.Equal(before + TimeSpan.FromDays(30), (await node.Node.Admin.DescribeKeyAsync(Key(0))).PublishedAt);
    });

    [Fact]
    public void A_node_that_trusts_the_clock_follows_it_at_once() => _world.Run(async () =>
    {
        var node = await StartWithValuesAsync(options => options.TrustClock = true);
        _world.Clock.SetWallClock(TimeSpan.FromDays(8));

        Assert.Equal(0, await CountAsync(node));
        await _world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal(0, (await node.Node.DescribeAsync()).Usage.Keys);
    });

    private static async Task<(bool Agrees, TimeSpan Ahead)> ClockAsync(SimulatedNode node)
    {
        var clock = (await node.Node.DescribeAsync()).Clock;
        return (clock.Agrees, clock.Ahead);
    }

    private static NodeId Key(int i) => NodeId.FromKey($"value {i}");

    private async Task<SimulatedNode> StartWithValuesAsync(Action<KadNodeOptions>? configure = null)
    {
        var node = await _world.StartNodeAsync(configure);
        await FillAsync(node, _world.Clock.GetUtcNow());
        Assert.Equal(Values, await CountAsync(node));
        return node;
    }

    private static async Task FillAsync(SimulatedNode node, DateTimeOffset storedAt)
    {
        for (var i = 0; i < Values; i++)
        {
            await node.Store.PutAsync(
                Key(i), new StoredValue(DhtValue.FromInteger(i), storedAt, storedAt + TimeSpan.FromDays(7), SourceNetwork.Trusted));
        }
    }

    private static async Task<int> CountAsync(SimulatedNode node)
    {
        var found = 0;
        for (var i = 0; i < Values; i++)
        {
            found += (await node.Node.GetAsync(Key(i))).Value == DhtValue.FromInteger(i) ? 1 : 0;
        }

        return found;
    }
}
