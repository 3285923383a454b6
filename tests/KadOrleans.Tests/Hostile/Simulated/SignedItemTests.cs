using KadOrleans.Core.Items;
using KadOrleans.Signatures;
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

    // Anybody can make an item without an owner whose key is that of a text which is bencode. The publisher is far from the key.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void One_holder_of_an_item_without_an_owner_neither_ends_nor_replaces_a_text(bool isPublisher) => SimulatedWorld.Run(49, async world =>
    {
        await world.StartNetworkAsync(40, Without.Walks);
        var (lie, key, text) = (SignedItems.Immutable("3:abc"), NodeId.FromKey("3:abc"), DhtValue.FromString("text"));
        Assert.Equal(key, lie.Key);
        var byDistance = world.Nodes.OrderBy(node => node.Id.DistanceTo(key)).ToList();
        var publisher = byDistance[^1].Node;
        Assert.True((await publisher.SetAsync(key, text)).Succeeded);
        var (holder, now) = (isPublisher ? byDistance[^1] : byDistance[4], world.Clock.GetUtcNow());
        await holder.Store.RemoveAsync(key);
        Assert.Equal(StoreResult.Stored, await holder.Store.PutAsync(key, new StoredValue(lie.ToValue(), now, now.AddHours(40), StoredValues.Alice)));

        await world.PassAsync(TimeSpan.FromHours(30));

        Assert.Equal(lie.ToValue(), (await holder.Store.GetAsync(key, world.Clock.GetUtcNow()))?.Value);
        Assert.True(await publisher.UnpublishAsync(key));
        foreach (var node in world.Nodes)
        {
            Assert.Equal(text, (await node.Node.GetAsync(key)).Value);
        }
    });

    // Of a node that is one of the nearest and of one that is not, as that holds nothing.
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_call_that_the_rule_of_items_refuses_leaves_the_owners_publication_and_what_is_found(bool isNear) => SimulatedWorld.Run(48, async world =>
    {
        await world.StartNetworkAsync(30, Without.Walks);
        var byDistance = world.Nodes.OrderBy(node => node.Id.DistanceTo(Key)).ToList();
        var node = (isNear ? byDistance[0] : byDistance[^1]).Node;
        var (fifth, third) = (SignedItems.Sign(5, "1:5"), SignedItems.Sign(3, "1:3"));
        var plain = DhtValue.FromString("plain");
        Assert.True((await node.SetSignedAsync(fifth)).Succeeded);
        foreach (var acknowledgement in Enum.GetValues<SetAcknowledgement>())
        {
            SetResult[] results =
            [
                await node.SetSignedAsync(third, acknowledgement),
                await node.SetSignedIfAsync(third, 5, acknowledgement),
                await node.SetAsync(Key, plain, acknowledgement),
                await node.SetIfAsync(Key, plain, static _ => true, acknowledgement),
            ];
            Assert.All(results, result => Assert.False(result.Succeeded));
            Assert.Equal([StoreResult.OlderItem, StoreResult.OlderItem, StoreResult.NotOwner, StoreResult.NotOwner], results.Select(result => result.Local));
            Assert.Equal(fifth.ToValue(), (await node.GetAsync(Key)).Value);
            Assert.Equal(fifth, (await node.GetSignedAsync(fifth.PublicKey, fifth.Salt)).Item);
            Assert.Equal(Key, Assert.Single((await node.Admin.ScanPublicationsAsync(null, 10)).Publications).Key);

            // By what is held, and not by what was refused.
            Assert.Equal(StoreResult.Superseded, (await node.SetSignedIfAsync(SignedItems.Sign(6, "1:6"), 3, acknowledgement)).Local);
        }

        Assert.True((await node.SetSignedIfAsync(SignedItems.Sign(6, "1:6"), 5)).Succeeded);
    });

    [Fact]
    public void Items_of_a_banned_owner_are_taken_from_nobody_and_found_by_no_get_until_the_ban_ends() => SimulatedWorld.Run(47, async world =>
    {
        await world.StartNetworkAsync(30, Without.Walks);
        var (one, other) = (world.Nodes.MinBy(node => node.Id.DistanceTo(First.Key))!, SignedItems.Sign(1, "5:other", owner: SignedItems.Stranger));
        var ban = Ban.Parse(Convert.ToHexString(SignedItems.Owner.PublicKey.Span));
        await one.Node.Admin.BanAsync(ban);

        Assert.True((await world.Nodes[3].Node.SetSignedAsync(First)).Succeeded);
        Assert.True((await world.Nodes[3].Node.SetSignedAsync(other)).Succeeded);
        Assert.Null(await one.Store.GetAsync(First.Key, world.Clock.GetUtcNow()));
        Assert.Null((await one.Node.GetSignedAsync(First.PublicKey, First.Salt)).Item);
        Assert.Equal(other, (await one.Node.GetSignedAsync(other.PublicKey, other.Salt)).Item);
        Assert.Equal(First, (await world.Nodes.First(node => node != one).Node.GetSignedAsync(First.PublicKey, First.Salt)).Item);
        Assert.True(one.Node.Engine.Counts["refused.Banned"] > 0, string.Join('\n', one.Node.Engine.Counts));

        await one.Node.Admin.UnbanAsync(ban);
        Assert.Equal(First, (await one.Node.GetSignedAsync(First.PublicKey, First.Salt)).Item);
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

    // Twelve nodes that judge, eight that carry what they are sent last, and an attacker that stores at will for ten minutes: under its own
    // addresses and those of the eight, with and without lives, whatever it has seen or can make.
    [Fact]
    public void Every_item_is_what_its_owner_signed_last_on_every_node_that_can_judge() => SimulatedWorld.Run(46, async world =>
    {
        await world.StartNetworkAsync(12, Without.Walks);
        var carriers = Enumerable.Range(0, 8).Select(_ => new CarryingPeer(NodeId.Random(world.Random), world.Network.Bind())).ToList();
        Contact[] all = [.. world.Nodes.Select(node => node.Contact), .. carriers.Select(carrier => carrier.Contact)];
        foreach (var carrier in carriers)
        {
            carrier.Contacts = all;
            world.Nodes.ToList().ForEach(node => carrier.Ping(node.Transport.Endpoint, world.Random));
        }

        await world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.All(world.Nodes, node => Assert.Equal(19, node.Node.RoutingTable.Count));
        var owners = Enumerable.Range(0, 6).Select(i => new OwnedItem($"{i}", i % 2 == 0 ? SignedItems.Owner : SignedItems.Stranger)).ToList();
        var attacker = new Storer(world, [.. carriers.Select(carrier => carrier.Endpoint)]);
        var (judged, carried) = (0, 0);
        for (var second = 0; second < 600; second++)
        {
            // Each owner signs once a minute, at any of the nodes. One ends his value now and then.
            if (owners.FirstOrDefault(one => second % 60 == 10 * owners.IndexOf(one)) is { } owner)
            {
                var item = owner.SignNext(isEnd: second / 60 % 4 == 3);
                Assert.True((await world.PickNode().Node.SetSignedAsync(item)).Succeeded);
            }

            foreach (var target in all)
            {
                attacker.Store(owners[world.Random.Next(owners.Count)], owners, target.Endpoint);
            }

            await world.PassAsync(TimeSpan.FromSeconds(1));
            if (second % 20 == 19)
            {
                foreach (var one in owners.Where(one => one.Last is not null))
                {
                    // Before the gets, which give it to nodes that lack it.
                    carried += carriers.Count(carrier => carrier.Read(one.Key) == one.Last!.ToValue());
                    foreach (var node in world.Nodes)
                    {
                        Assert.Equal(one.Last!.ToValue(), (await node.Store.GetAsync(one.Key, world.Clock.GetUtcNow()))?.Value);
                        Assert.Equal(one.Last, (await node.Node.GetSignedAsync(one.Last!.PublicKey, one.Last.Salt)).Item);
                        judged++;
                    }
                }
            }
        }

        // The attack bites: those who cannot judge have mostly what it stored.
        Assert.InRange(judged, 12 * 6 * 28, 12 * 6 * 30);
        Assert.InRange(carried, 0, 8 * 6 * 30 / 4);
    });

    /// <summary>What an owner has signed at one key, in its order.</summary>
    private sealed class OwnedItem(string salt, Ed25519KeyPair owner)
    {
        public NodeId Key { get; } = Item.KeyOf(owner.PublicKey.Span, Encoding.ASCII.GetBytes(salt));

        public List<Item> Signed { get; } = [];

        public Item? Last => Signed.LastOrDefault();

        public Item SignNext(bool isEnd)
        {
            var seq = Signed.Count + 1;
            Signed.Add(SignedItems.Sign(seq, isEnd ? "0:" : $"i{seq}e", salt, owner));
            return Last!;
        }
    }

    /// <summary>An attacker that knows all that was signed, and stores it and what it makes of it.</summary>
    private sealed class Storer(SimulatedWorld world, UdpEndpoint[] carriers)
    {
        private readonly List<RawPeer> _peers = [.. Enumerable.Range(0, 5).Select(_ => world.AddAnsweringPeer())];

        public void Store(OwnedItem target, List<OwnedItem> all, UdpEndpoint node)
        {
            if (target.Last is not { } last)
            {
                return;
            }

            var peer = _peers[world.Random.Next(_peers.Count)];
            var request = new StoreRequest(peer.Id, target.Key, Choose(target, last, all), world.Random.Next(3) switch { 0 => null, 1 => 1, _ => 604_800 }, true);
            var datagram = new byte[Datagram.MaxLength];
            Assert.True(RequestWriter.TryWriteStore(datagram, MessageId.Random(world.Random), request, out var length));
            var forged = world.Random.Next(2) == 0 ? carriers[world.Random.Next(carriers.Length)] : peer.Endpoint;
            world.Network.Forge(datagram.AsSpan(0, length), forged, node);
        }

        private DhtValue Choose(OwnedItem target, Item last, List<OwnedItem> all)
        {
            var other = all[world.Random.Next(all.Count)].Last ?? last;
            var envelope = last.ToValue().AsBytes().ToArray();
            switch (world.Random.Next(8))
            {
                case 0:
                    return DhtValue.FromString("lie");
                case 1:
                    return target.Signed[world.Random.Next(target.Signed.Count)].ToValue();
                case 2:
                    return other.ToValue();
                case 3:
                    return Remade(last, last.Seq + 1, last.Value, last.Signature);
                case 4:
                    return Remade(last, last.Seq + 1, "0:"u8.ToArray(), other.Signature);
                case 5:
                    return Remade(last, long.MaxValue, last.Value, new byte[Item.SignatureLength]);
                case 6:
                    return DhtValue.FromBytes(envelope[..^1]);
                default:
                    envelope[world.Random.Next(envelope.Length)] ^= (byte)(1 << world.Random.Next(8));
                    return DhtValue.FromBytes(envelope);
            }
        }

        private static DhtValue Remade(Item item, long seq, ReadOnlyMemory<byte> value, ReadOnlyMemory<byte> signature) =>
            Item.TryCreateMutable(item.PublicKey, item.Salt, seq, value, signature, out var made, out _) ? made.ToValue() : "lie";
    }
}
