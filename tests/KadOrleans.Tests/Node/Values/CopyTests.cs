namespace KadOrleans.Tests.Node;

/// <summary>What a node holds itself of a key that it is asked for, and the copies that gets leave behind.</summary>
public sealed class CopyTests
{
    private static readonly DhtValue Old = DhtValue.FromString("old");
    private static readonly DhtValue New = DhtValue.FromString("new");
    private static readonly NodeId Key = NodeId.FromKey("key");
    private readonly SimulatedWorld _world = new(seed: 35);

    [Fact]
    public void A_node_that_others_have_pushed_out_asks_for_the_newer_value_and_gives_its_own_if_there_is_none() => _world.Run(async () =>
    {
        var node = (await StartAsync())[^1];
        await HoldAsync(node, Old);
        Assert.Equal(Old, (await node.Node.GetAsync(Key)).Value);
        await _world.Nodes.First(other => other != node).Node.SetAsync(Key, New);

        Assert.Equal(New, (await node.Node.GetAsync(Key)).Value);
    });

    [Fact]
    public void One_of_the_k_nearest_asks_nobody() => _world.Run(async () =>
    {
        var node = (await StartAsync())[0];
        await HoldAsync(node, Old);

        var get = await node.Node.GetAsync(Key);

        Assert.Equal(Old, get.Value);
        Assert.Null(get.Lookup);
    });

    // A stranger stores another value on the very node that reads.
    [Theory]
    [InlineData(0)]
    [InlineData(5)]
    public void A_node_gets_what_the_holders_have_and_not_what_a_stranger_stored_on_it(int reader) => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(12, Without.Walks);
        await _world.Nodes[0].Node.SetAsync("key", DhtValue.FromString("truth"));
        var node = _world.Nodes[reader];
        var stranger = _world.AddAnsweringPeer();
        var lie = DhtValue.FromString("lie");
        stranger.Store(node.Transport.Endpoint, MessageId.Random(_world.Random), new StoreRequest(stranger.Id, Key, lie));
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(lie, (await node.Store.GetAsync(Key, _world.Clock.GetUtcNow()))?.Value);

        Assert.Equal(DhtValue.FromString("truth"), (await node.Node.GetAsync("key")).Value);
    });

    // The copies that gets leave behind are not told of the key's next value.
    public static TheoryData<int?, bool, TimeSpan> Lives => new()
    {
        { 9, true, TimeSpan.FromSeconds(9) },
        { 9, false, TimeSpan.FromSeconds(9) },
        { 604_800, true, RemainingLife.OfHolder },
        { 604_800, false, RemainingLife.OfCache },
        { null, true, RemainingLife.WhenUnstated },
        { null, false, RemainingLife.OfCache },
    };

    [Theory]
    [MemberData(nameof(Lives))]
    public void A_copy_lives_no_longer_than_its_original_and_for_minutes_beyond_the_k_nearest(int? left, bool belongs, TimeSpan expected) =>
        Assert.Equal(expected, RemainingLife.OfCopy(left is { } seconds ? TimeSpan.FromSeconds(seconds) : null, belongs));

    [Fact]
    public void Once_the_copies_are_gone_everybody_gets_the_new_value_of_a_popular_key() => SimulatedWorld.Run(77, async world =>
    {
        await world.StartNetworkAsync(60, SmallBuckets);
        await world.PickNode().Node.SetAsync("key", DhtValue.FromInteger(1));
        foreach (var node in world.Nodes)
        {
            await node.Node.GetAsync("key");
        }

        await world.PickNode().Node.SetAsync("key", DhtValue.FromInteger(2));
        await world.PassAsync(RemainingLife.OfHolder);

        foreach (var node in world.Nodes)
        {
            Assert.Equal(DhtValue.FromInteger(2), (await node.Node.GetAsync("key")).Value);
        }
    });

    private static void SmallBuckets(KadNodeOptions options)
    {
        Without.Walks(options);
        options.Kademlia = new KademliaOptions { BucketSize = 5 };
    }

    private async Task<IReadOnlyList<SimulatedNode>> StartAsync()
    {
        await _world.StartNetworkAsync(12, options =>
        {
            Without.Walks(options);
            options.Kademlia = new KademliaOptions { BucketSize = 3 };
        });
        return [.. _world.Nodes.OrderBy(node => node.Id.DistanceTo(Key))];
    }

    private async Task HoldAsync(SimulatedNode node, DhtValue value)
    {
        var now = _world.Clock.GetUtcNow();
        await node.Store.PutAsync(Key, new StoredValue(value, now, now + TimeSpan.FromDays(7), SourceNetwork.Trusted));
    }
}
