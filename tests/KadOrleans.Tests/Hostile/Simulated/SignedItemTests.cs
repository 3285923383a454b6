using KadOrleans.Core.Items;
using KadOrleans.Tests.Node;

namespace KadOrleans.Tests.Hostile;

/// <summary>What attackers achieve at the keys of signed items.</summary>
public sealed class SignedItemTests
{
    private static readonly NodeId Key = SignedItems.Key();
    private static readonly Item First = SignedItems.Sign(1, "5:first");
    private static readonly Item Second = SignedItems.Sign(2, "6:second");

    // Without a token, as Python's nodes, from many addresses: what is no item, items of before, and items that the owner did not sign.
    [Fact]
    public void Whatever_is_stored_for_an_hour_each_holder_of_the_item_has_the_newest() => SimulatedWorld.Run(41, async world =>
    {
        await world.StartNetworkAsync(40, Without.Walks);
        Assert.True((await world.Nodes[3].Node.SetSignedAsync(First)).Succeeded);
        Assert.True((await world.Nodes[17].Node.SetSignedAsync(Second)).Succeeded);
        var attackers = Enumerable.Range(0, 5).Select(_ => world.AddAnsweringPeer()).ToList();
        DhtValue[] lies = [DhtValue.FromString("lie"), First.ToValue(), SignedItems.Forge(9, "3:lie").ToValue()];
        for (var minute = 0; minute < 60; minute++)
        {
            foreach (var (node, attacker) in world.Nodes.SelectMany(node => attackers.Select(attacker => (node, attacker))))
            {
                attacker.Store(node.Transport.Endpoint, Key, lies[world.Random.Next(lies.Length)], world.Random);
            }

            await world.PassAsync(TimeSpan.FromMinutes(1));
        }

        var holders = 0;
        foreach (var node in world.Nodes)
        {
            var held = await node.Store.GetAsync(Key, world.Clock.GetUtcNow());
            Assert.NotEqual(SignedItems.Forge(9, "3:lie").ToValue(), held?.Value);
            holders += held?.Value == Second.ToValue() ? 1 : 0;
        }

        Assert.InRange(holders, 20, 40);
        foreach (var node in world.Nodes)
        {
            var found = await node.Node.GetSignedAsync(Second.PublicKey, Second.Salt);
            Assert.Equal((true, Second), (found.Found, found.Item));
        }
    });

    // The liars say all that can be said: nothing, what is no item, an older one, one that nobody signed.
    [Fact]
    public void A_get_with_ten_of_twenty_lying_holders_returns_the_newest() => SimulatedWorld.Run(42, async world =>
    {
        await world.StartNetworkAsync(60, Without.Walks);
        await world.Nodes[3].Node.SetSignedAsync(First);
        await world.Nodes[17].Node.SetSignedAsync(Second);
        await world.Nodes[3].Node.UnpublishAsync(Key);
        await world.Nodes[17].Node.UnpublishAsync(Key);
        var nearest = world.Nodes.OrderBy(node => node.Id.DistanceTo(Key)).ToList();
        var now = world.Clock.GetUtcNow();
        foreach (var (place, node) in nearest.Index())
        {
            await node.Store.RemoveAsync(Key);
            var says = place >= 20 || place % 4 == 1 ? default : place % 4 == 3 ? First.ToValue() : Second.ToValue();
            if (place is 5 or 13)
            {
                says = DhtValue.FromString("lie");
            }

            if (says.Kind != DhtValueKind.None)
            {
                await node.Store.PutAsync(Key, new StoredValue(says, now, now.AddDays(5), StoredValues.Alice));
            }
        }

        var contacts = new List<Contact>();
        for (var i = 0; i < 4; i++)
        {
            var liar = new ValueLiar(
                Key.RandomWithPrefix(20, world.Random), world.Network.Bind(), Key, SignedItems.Forge(9 + i, "3:lie").ToValue(), null, contacts);
            contacts.Add(liar.Contact);
            nearest.ForEach(node => liar.Ping(node.Transport.Endpoint, world.Random));
        }

        await world.PassAsync(TimeSpan.FromMinutes(1));
        foreach (var node in nearest)
        {
            var found = await node.Node.GetSignedAsync(Second.PublicKey, Second.Salt);
            Assert.Equal(Second, found.Item);
        }
    });

    [Fact]
    public void A_get_brings_the_newest_to_who_lacks_it_or_has_an_older_one() => SimulatedWorld.Run(45, async world =>
    {
        await world.StartNetworkAsync(40, Without.Walks);
        var nearest = world.Nodes.OrderBy(node => node.Id.DistanceTo(Key)).ToList();
        var now = world.Clock.GetUtcNow();
        foreach (var (place, node) in nearest.Index())
        {
            var item = place is 7 ? Second : place is 0 or 2 or 39 ? First : null;
            if (item is not null)
            {
                await node.Store.PutAsync(Key, new StoredValue(item.ToValue(), now, now.AddDays(5), StoredValues.Alice));
            }
        }

        // Three of them lacked it: each get finds the nearest of these, and the last asker has an older one itself.
        foreach (var node in (SimulatedNode[])[nearest[30], nearest[31], nearest[32], nearest[39]])
        {
            Assert.Equal(Second, (await node.Node.GetSignedAsync(Second.PublicKey, Second.Salt)).Item);
            await world.PassAsync(TimeSpan.FromSeconds(20));
        }

        foreach (var node in (SimulatedNode[])[nearest[0], nearest[1], nearest[2], nearest[39]])
        {
            Assert.Equal(2, SignedItems.SeqOf((await node.Store.GetAsync(Key, world.Clock.GetUtcNow()))?.Value));
        }
    });

    [Fact]
    public void A_publication_of_an_older_item_ends_at_the_newer_and_one_that_nobody_signed_is_not_made() => SimulatedWorld.Run(43, async world =>
    {
        await world.StartNetworkAsync(30, Without.Walks);
        await world.Nodes[3].Node.SetSignedAsync(First);
        await world.Nodes[17].Node.SetSignedAsync(Second);
        foreach (var set in new[]
        {
            await world.Nodes[4].Node.SetSignedAsync(SignedItems.Forge(5, "3:lie")),
            await world.Nodes[4].Node.SetSignedAsync(SignedItems.Forge(5, "3:lie"), SetAcknowledgement.Durable),
        })
        {
            Assert.Equal((StoreResult.InvalidItem, false), (set.Local, set.Succeeded));
        }

        await world.PassAsync(TimeSpan.FromHours(30));

        Assert.False(await world.Nodes[3].Node.UnpublishAsync(Key));
        Assert.False(await world.Nodes[4].Node.UnpublishAsync(Key));
        Assert.True(await world.Nodes[17].Node.UnpublishAsync(Key));
    });

    [Fact]
    public void An_end_reaches_all_readers_and_nothing_before_it_comes_back() => SimulatedWorld.Run(44, async world =>
    {
        await world.StartNetworkAsync(30, Without.Walks);
        await world.Nodes[3].Node.SetSignedAsync(Second);
        var end = SignedItems.Sign(3, "0:");
        Assert.True((await world.Nodes[17].Node.SetSignedAsync(end)).Succeeded);
        await world.PassAsync(TimeSpan.FromHours(30));
        foreach (var node in world.Nodes)
        {
            var found = await node.Node.GetSignedAsync(end.PublicKey, end.Salt);
            Assert.Equal((false, true, end), (found.Found, found.IsEnded, found.Item));
            Assert.False((await node.Node.SetSignedAsync(Second)).Succeeded);
        }
    });
}
