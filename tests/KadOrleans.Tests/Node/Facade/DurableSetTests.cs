using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Node;

/// <summary>What was acknowledged as durable and was not sent yet, beside calls of the same key.</summary>
public sealed class DurableSetTests
{
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_durable_value_stays_when_its_publication_ends(bool hasOlder) => SimulatedWorld.Run(1, async world =>
    {
        var node = (await world.StartNodeAsync()).Node;
        var (key, newer) = (NodeId.FromKey("key"), DhtValue.FromString("2"));
        if (hasOlder)
        {
            await node.SetAsync(key, DhtValue.FromString("1"), SetAcknowledgement.Network);
        }

        Assert.True((await node.SetIfAsync(key, newer, _ => true, SetAcknowledgement.Durable)).Succeeded);
        Assert.Equal(newer, (await node.GetAsync(key)).Value);
        Assert.True(await node.UnpublishAsync(key));
        Assert.Equal(newer, (await node.GetAsync(key)).Value);
        Assert.False(await node.UnpublishAsync(key));
    });

    /// <summary>Of one number the first item stays, and of two the newer.</summary>
    [Theory]
    [InlineData(1, 1)]
    [InlineData(1, 2)]
    [InlineData(2, 1)]
    public void An_item_that_is_set_while_another_is_sent_is_compared_with_it(long sent, long durable) => SimulatedWorld.Run(1, async world =>
    {
        await world.StartNetworkAsync(3);
        var node = world.Nodes[0].Node;
        Item slow = SignedItems.Sign(sent, "i1e");
        Item quick = SignedItems.Sign(durable, "i2e");

        var first = node.SetAsync(slow.Key, slow.ToValue(), SetAcknowledgement.Network);
        var second = await node.SetAsync(quick.Key, quick.ToValue(), SetAcknowledgement.Durable);
        Assert.False(first.IsCompleted);
        Assert.True((await first).Succeeded);
        await world.PassAsync(TimeSpan.FromMinutes(2));

        Assert.Equal(durable > sent, second.Succeeded);
        Assert.Equal((durable > sent ? quick : slow).ToValue(), (await node.GetAsync(slow.Key)).Value);
    });
}
