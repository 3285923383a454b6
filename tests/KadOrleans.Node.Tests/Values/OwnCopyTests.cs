using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Simulation;

namespace KadOrleans.Node.Tests.Values;

/// <summary>What a node holds itself of a key that it is asked for.</summary>
public sealed class OwnCopyTests
{
    private static readonly DhtValue Old = DhtValue.FromString("old");
    private static readonly DhtValue New = DhtValue.FromString("new");
    private static readonly NodeId Key = NodeId.FromKey("key");
    private readonly SimulatedWorld _world = new(seed: 35);

    [Fact]
    public void A_node_that_others_have_pushed_out_asks_for_the_newer_value() => _world.Run(async () =>
    {
        var node = (await StartAsync())[^1];
        await HoldAsync(node, Old);
        await _world.Nodes.First(other => other != node).Node.SetAsync(Key, New);

        Assert.Equal(New, (await node.Node.GetAsync(Key)).Value);
    });

    [Fact]
    public void It_gives_its_own_where_nobody_else_has_one() => _world.Run(async () =>
    {
        var node = (await StartAsync())[^1];
        await HoldAsync(node, Old);

        Assert.Equal(Old, (await node.Node.GetAsync(Key)).Value);
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
