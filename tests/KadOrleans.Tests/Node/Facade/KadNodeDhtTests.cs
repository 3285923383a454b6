namespace KadOrleans.Tests.Node;

/// <summary>One node in a simulated network is a DHT.</summary>
public sealed class KadNodeDhtTests : DhtContract
{
    private readonly SimulatedWorld _world = new(seed: 14);

    protected override Task RunAsync(Func<IDht, Task> test)
    {
        _world.Run(async () =>
        {
            await _world.StartNetworkAsync(30, Without.Walks);
            await test(_world.Nodes[3].Node);
        });
        return Task.CompletedTask;
    }

    protected override Task AwaitAsync(Task pending) => pending;

    [Fact]
    public Task A_node_refuses_each_argument_that_is_null_by_its_name() => RunAsync(async dht =>
        Assert.NotEqual(0, await NullArguments.CheckAsync(typeof(KadNode), dht)));

    [Fact]
    public void A_watch_tells_of_the_end_of_a_life() => SimulatedWorld.Run(1, async world =>
    {
        var node = (await world.StartNodeAsync()).Node;
        await using var watch = node.WatchAsync("key").GetAsyncEnumerator();
        Assert.True(await watch.MoveNextAsync());
        await node.SetAsync("key", 1, TimeSpan.FromSeconds(2));
        Assert.True(await watch.MoveNextAsync());
        Assert.Equal(1, watch.Current.Value);

        var end = watch.MoveNextAsync().AsTask();
        await world.PassAsync(TimeSpan.FromSeconds(3));
        Assert.True(end.IsCompleted && await end);
        Assert.Null(watch.Current.Value);
    });

    [Fact]
    public Task A_value_for_a_time_lives_on_all_its_holders_until_then_and_no_longer() => RunAsync(async dht =>
    {
        await dht.SetAsync("key", "value", TimeSpan.FromHours(30));

        // Holders send it again each hour, and a publication would go out after a day.
        await _world.PassAsync(TimeSpan.FromHours(29.9));
        Assert.Equal("value", (await _world.Nodes[20].Node.GetAsync<string>("key")).Value);
        await _world.PassAsync(TimeSpan.FromMinutes(7));

        foreach (var node in _world.Nodes)
        {
            Assert.False((await node.Node.GetAsync("key")).Found);
        }
    });

    [Theory]
    [InlineData(SetAcknowledgement.Network)]
    [InlineData(SetAcknowledgement.Durable)]
    public void A_set_of_the_same_value_with_a_life_does_not_end_what_is_published(SetAcknowledgement acknowledgement) => SimulatedWorld.Run(1, async world =>
    {
        IDht dht = (await world.StartNodeAsync()).Node;
        await dht.SetAsync("key", "value", acknowledgement);
        await world.PassAsync(TimeSpan.FromSeconds(30));
        Assert.True((await dht.SetAsync("key", "value", TimeSpan.FromMinutes(2))).Succeeded);

        await world.PassAsync(TimeSpan.FromMinutes(10));
        Assert.Equal("value", (await dht.GetAsync<string>("key")).Value);
    });

    [Fact]
    public Task A_durable_set_reaches_the_network_without_being_awaited() => RunAsync(async dht =>
    {
        var set = await dht.SetAsync("key", "value", SetAcknowledgement.Durable);
        Assert.Null(set.Lookup);

        await _world.PassAsync(TimeSpan.FromSeconds(30));

        Assert.Equal("value", (await _world.Nodes[20].Node.GetAsync<string>("key")).Value);
    });

    [Fact]
    public Task A_later_set_wins_over_a_durable_one_that_is_still_on_its_way() => RunAsync(async dht =>
    {
        for (var i = 0; i < 20; i++)
        {
            await dht.SetAsync($"key {i}", "earlier", SetAcknowledgement.Durable);

            // The earlier value's lookup is over, or its STOREs are out, or nothing was sent yet.
            await _world.PassAsync(TimeSpan.FromMilliseconds(20 * i));
            await dht.SetAsync($"key {i}", "later", SetAcknowledgement.Network);
            await _world.PassAsync(TimeSpan.FromSeconds(30));

            foreach (var node in _world.Nodes)
            {
                Assert.Equal("later", (await node.Node.GetAsync<string>($"key {i}")).Value);
            }
        }
    });

    [Fact]
    public Task A_durable_set_of_a_node_that_was_killed_reaches_the_network_after_its_next_start() => RunAsync(async _ =>
    {
        var (states, publications) = (new InMemoryNodeStateStore(), new InMemoryPublicationStore(10));
        var alone = await _world.StartAsync(states: states, publications: publications);
        await alone.SetAsync("key", "value", SetAcknowledgement.Durable);
        await _world.PassAsync(TimeSpan.FromMilliseconds(1));
        var pending = (await publications.GetAsync(NodeId.FromKey("key")))!;
        await alone.DisposeAsync();

        // What a kill leaves behind: the node alone was its own k nearest, and may have sent the value to itself already.
        await publications.PutAsync(NodeId.FromKey("key"), pending with { IsPending = true });
        await using var again = await _world.StartAsync(
            options => options.Bootstrap.Add($"{_world.Nodes[0].Node.LocalEndpoints[0]}"), states: states, publications: publications);
        await again.JoinAsync();
        await _world.PassAsync(TimeSpan.FromMinutes(2));

        Assert.Equal("value", (await _world.Nodes[20].Node.GetAsync<string>("key")).Value);
        Assert.False((await publications.GetAsync(NodeId.FromKey("key")))!.IsPending);
    });

    [Fact]
    public Task A_watch_tells_of_what_others_store_at_the_node_and_a_slow_reader_of_the_last_change() => RunAsync(async _ =>
    {
        var key = NodeId.FromKey("key");
        var near = _world.Nodes.MinBy(node => node.Node.Id.DistanceTo(key))!.Node;
        var far = _world.Nodes.MaxBy(node => node.Node.Id.DistanceTo(key))!.Node;
        await using var watch = near.WatchAsync(key).GetAsyncEnumerator();
        await watch.MoveNextAsync();
        Assert.Null(watch.Current.Value);

        await far.SetAsync(key, "first");
        await watch.MoveNextAsync();
        Assert.Equal("first", watch.Current.Value);
        for (var i = 1; i <= 5; i++)
        {
            await far.SetAsync(key, i);
        }

        await watch.MoveNextAsync();
        Assert.Equal(5, watch.Current.Value);
    });
}
