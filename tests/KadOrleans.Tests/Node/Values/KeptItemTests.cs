using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Node;

/// <summary>Items that a node keeps for their owners, in a network (ADR 46).</summary>
public sealed class KeptItemTests
{
    private static readonly TimeSpan Hourly = TimeSpan.FromMinutes(75);
    private static readonly NodeId Key = SignedItems.Key();
    private static readonly Item First = SignedItems.Sign(1, "5:first");
    private static readonly Item Second = SignedItems.Sign(2, "6:second");

    private readonly SimulatedWorld _world = new(seed: 61);

    private DateTimeOffset Now => _world.Clock.GetUtcNow();

    // Whole seconds count.
    private DateTimeOffset In(TimeSpan time) => new((Now + time).Ticks / TimeSpan.TicksPerSecond * TimeSpan.TicksPerSecond, TimeSpan.Zero);

    // Its keeper is the farthest of 26 from the key, and nobody else sends it: the others forget it as soon as they have it.
    [Fact]
    public void It_goes_out_each_hour_with_a_full_life_wherever_its_key_is() => _world.Run(async () =>
    {
        var keeper = await StartAsync(26);
        var set = await keeper.Node.KeepSignedAsync(First, Now.AddDays(30));
        Assert.Equal((20, StoreResult.Stored, StoreResult.Stored), (set.Stored, set.Local, set.Publication));
        for (var hour = 0; hour < 6; hour++)
        {
            Assert.InRange(await CountAsync(First), 19, 21);
            foreach (var node in _world.Nodes.Where(node => node != keeper))
            {
                if (await node.Store.GetAsync(Key, Now) is { } held)
                {
                    Assert.InRange(held.ExpiresAt - Now, TimeSpan.FromDays(7) - Hourly, TimeSpan.FromDays(7));
                    await node.Store.RemoveAsync(Key);
                }
            }

            await _world.PassAsync(Hourly);
        }

        // It has gone out twice by now, and once to another one in place of one that did not answer.
        Assert.InRange(await CountAsync(First), 19, 22);
    });

    // The keeper gets no STORE of it. It learns of it as others refuse what it has, and sends the newer one at once.
    [Fact]
    public void It_follows_its_owner_who_stores_a_newer_one_elsewhere_also_an_end() => _world.Run(async () =>
    {
        var keeper = await StartAsync(26);
        var until = In(TimeSpan.FromDays(30));
        await keeper.Node.KeepSignedAsync(First, until);
        foreach (var item in (Item[])[Second, SignedItems.Sign(3, "0:")])
        {
            Assert.Equal(20, (await _world.Nodes[7].Node.SetSignedAsync(item)).Stored);
            await _world.Nodes[7].Node.UnpublishAsync(Key);
            await _world.PassAsync(Hourly);

            var held = (await keeper.Store.GetAsync(Key, Now))!;
            Assert.Equal((item.ToValue(), until), (held.Value, held.KeptUntil));
            Assert.InRange(await CountAsync(item), 20, 22);
        }

        await _world.PassAsync(TimeSpan.FromHours(8));
        Assert.InRange(await CountAsync(SignedItems.Sign(3, "0:")), 20, 26);
    });

    // They know no items, and would take an older one in place of a newer.
    [Fact]
    public void Nodes_that_take_any_value_are_asked_before_an_older_one_is_sent() => _world.Run(async () =>
    {
        var keeper = await _world.StartNodeAsync(Without.Walks);
        var peer = _world.AddPeer();
        var held = new Dictionary<NodeId, DhtValue>();
        var sent = new List<DhtValue>();
        peer.OnRequest = (request, id, answer) =>
        {
            if (request.Kind == RequestKind.Store)
            {
                sent.Add(request.AsStore().Value);
                held[request.AsStore().Key] = request.AsStore().Value;
            }

            return request.Kind == RequestKind.FindValue && held.TryGetValue(request.Target, out var value)
                ? ResponseWriter.WriteValue(answer, id, value, secondsLeft: 600_000)
                : peer.Naming()(request, id, answer);
        };
        peer.Ping(keeper.Transport.Endpoint, _world.Random);
        await _world.PassAsync(TimeSpan.FromSeconds(10));
        await keeper.Node.KeepSignedAsync(First, Now.AddDays(30));
        Assert.Equal([First.ToValue()], sent);
        held[Key] = Second.ToValue();
        sent.Clear();

        await _world.PassAsync(3 * Hourly);

        Assert.Equal(Second.ToValue(), (await keeper.Store.GetAsync(Key, Now))!.Value);
        Assert.InRange(sent.Count, 2, 4);
        Assert.All(sent, value => Assert.Equal(Second.ToValue(), value));
    });

    // The older one is not sent then: others have the newer.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void While_the_disk_is_full_a_newer_one_is_asked_for_once_an_hour_and_taken_after_that(bool refuses) => _world.Run(async () =>
    {
        var (store, transport) = (new ScriptedStore(), _world.Network.Bind());
        await using var keeper = await _world.StartAsync(Without.Walks, store, transport: transport);
        var peer = _world.AddPeer();
        var (hasNewer, asked, sent) = (false, 0, new List<DhtValue>());
        peer.OnRequest = (request, id, answer) =>
        {
            if (request.Kind == RequestKind.Store)
            {
                sent.Add(request.AsStore().Value);
                return ResponseWriter.WriteStored(answer, id, !refuses || !hasNewer);
            }

            asked += request.Kind == RequestKind.FindValue ? 1 : 0;
            return request.Kind == RequestKind.FindValue && hasNewer
                ? ResponseWriter.WriteValue(answer, id, Second.ToValue(), secondsLeft: 600_000)
                : peer.Naming()(request, id, answer);
        };
        peer.Ping(transport.Endpoint, _world.Random);
        await _world.PassAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(StoreResult.Stored, (await keeper.KeepSignedAsync(First, Now.AddDays(30))).Local);
        (hasNewer, asked, store.Result) = (true, 0, StoreResult.StorageFailed);
        sent.Clear();

        await _world.PassAsync(TimeSpan.FromHours(6));
        Assert.InRange(asked, 4, 12);
        Assert.Equal(0, keeper.Engine.Counts["values.republished"]);
        Assert.Equal(First.ToValue(), (await store.GetAsync(Key, Now))!.Value);

        store.Result = null;
        await _world.PassAsync(Hourly);
        Assert.Equal(Second.ToValue(), (await store.GetAsync(Key, Now))!.Value);
    });

    // The one that is asked has the newer one, and gives it after the key was deleted.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void What_is_deleted_while_others_are_asked_for_a_newer_one_does_not_come_back(bool isGet) => _world.Run(async () =>
    {
        var keeper = await _world.StartNodeAsync(Without.Walks);
        var peer = _world.AddPeer();
        var (hasNewer, sent, deletion) = (false, new List<DhtValue>(), (Task<KeyDeletion>?)null);
        peer.OnRequest = (request, id, answer) =>
        {
            if (request.Kind == RequestKind.Store)
            {
                sent.Add(request.AsStore().Value);
            }

            if (request.Kind != RequestKind.FindValue || !hasNewer)
            {
                return peer.Naming()(request, id, answer);
            }

            deletion ??= keeper.Node.Admin.DeleteAsync(Key);
            return ResponseWriter.WriteValue(answer, id, Second.ToValue(), secondsLeft: 600_000);
        };
        peer.Ping(keeper.Transport.Endpoint, _world.Random);
        await _world.PassAsync(TimeSpan.FromSeconds(10));
        await keeper.Node.KeepSignedAsync(First, Now.AddDays(30));
        hasNewer = true;
        sent.Clear();

        if (isGet)
        {
            Assert.Equal(Second, (await keeper.Node.GetSignedAsync(Second.PublicKey, Second.Salt)).Item);
        }

        await _world.PassAsync(Hourly);
        Assert.Equal(new KeyDeletion(WasHeld: true, WasPublished: false), await deletion!);
        Assert.Null(await keeper.Store.GetAsync(Key, Now));
        Assert.Empty(sent);
        Assert.Equal(0, keeper.Node.Engine.Counts["values.republished"]);
    });

    // The k nearest answer all but STOREs. Those that get it in their place hold the newer one.
    [Fact]
    public void It_learns_of_a_newer_one_from_those_that_refuse_it_in_place_of_others() => _world.Run(async () =>
    {
        var (nodes, first) = (new List<(KadNode Node, ScriptedStore Store)>(), (string?)null);
        for (var i = 0; i < 34; i++)
        {
            var (store, transport) = (new ScriptedStore(), _world.Network.Bind());
            var node = await _world.StartAsync(Without.Walks, store, transport: transport);
            if (first is not null)
            {
                await node.BootstrapAsync([first]);
            }

            first ??= transport.Endpoint.ToString();
            nodes.Add((node, store));
        }

        nodes = [.. nodes.OrderBy(one => one.Node.Id.DistanceTo(Key))];
        var keeper = nodes[^1];
        var others = Enumerable.Range(0, 6).Select(i => SignedItems.Sign(1, $"i{i}e", $"item {i}"));
        foreach (var item in others.Prepend(First))
        {
            Assert.True((await keeper.Node.KeepSignedAsync(item, Now.AddDays(30))).Succeeded);
        }

        await _world.PassAsync(TimeSpan.FromMinutes(45));
        var newer = new StoredValue(Second.ToValue(), Now, Now.AddDays(5), StoredValues.Alice);
        foreach (var (place, (_, store)) in nodes.SkipLast(1).Index())
        {
            if (place < 20)
            {
                store.Result = StoreResult.Busy;
            }
            else
            {
                Assert.Equal(StoreResult.Stored, await store.PutAsync(Key, newer));
            }
        }

        await _world.PassAsync(TimeSpan.FromMinutes(30));
        Assert.Equal(Second.ToValue(), (await keeper.Store.GetAsync(Key, Now))!.Value);
    });

    // Of a contact that has it and then answers no STORE.
    [Fact]
    public void A_newer_one_that_nobody_takes_counts_as_unanswered_and_not_as_sent() => _world.Run(async () =>
    {
        var keeper = await _world.StartNodeAsync(Without.Walks);
        var peer = _world.AddPeer();
        var hasNewer = false;
        peer.OnRequest = (request, id, answer) => request.Kind switch
        {
            RequestKind.Store when hasNewer => 0,
            RequestKind.FindValue when hasNewer => ResponseWriter.WriteValue(answer, id, Second.ToValue(), secondsLeft: 600_000),
            _ => peer.Naming()(request, id, answer),
        };
        peer.Ping(keeper.Transport.Endpoint, _world.Random);
        await _world.PassAsync(TimeSpan.FromSeconds(10));
        await keeper.Node.KeepSignedAsync(First, Now.AddDays(30));
        hasNewer = true;

        await _world.PassAsync(Hourly);
        Assert.Equal(Second.ToValue(), (await keeper.Store.GetAsync(Key, Now))!.Value);
        var counts = keeper.Node.Engine.Counts;
        Assert.Equal((0, 1), (counts["values.republished"], counts["values.unanswered"]));
    });

    // Nobody reaches anybody, and all but the keeper lose what they hold.
    [Fact]
    public void After_three_hours_in_which_nobody_reached_anybody_each_is_on_the_network_within_the_interval() => _world.Run(async () =>
    {
        var keeper = await StartAsync(24);
        var items = Enumerable.Range(0, 60).Select(i => SignedItems.Sign(1, $"i{i}e", $"item {i}")).ToList();
        foreach (var item in items)
        {
            Assert.True((await keeper.Node.KeepSignedAsync(item, Now.AddDays(400))).Succeeded);
        }

        foreach (var node in _world.Nodes)
        {
            _world.Network.Cut([node.Transport.Endpoint], TimeSpan.FromHours(3));
        }

        foreach (var (node, item) in _world.Nodes.Where(node => node != keeper).SelectMany(node => items.Select(item => (node, item))))
        {
            await node.Store.RemoveAsync(item.Key);
        }

        await _world.PassAsync(TimeSpan.FromHours(3));
        await _world.PassAsync(Hourly);

        foreach (var item in items)
        {
            Assert.InRange(await CountAsync(item), 18, 24);
            Assert.Equal(item, (await _world.Nodes[9].Node.GetSignedAsync(item.PublicKey, item.Salt)).Item);
        }
    });

    [Fact]
    public void A_restart_keeps_it_and_after_its_time_it_lives_for_a_time_to_live_as_any() => _world.Run(async () =>
    {
        var life = TimeSpan.FromHours(6);
        var keeper = await StartAsync(24, options => options.Kademlia.ValueTimeToLive = life);
        var until = In(TimeSpan.FromHours(12));
        await keeper.Node.KeepSignedAsync(First, until);
        await _world.PassAsync(TimeSpan.FromHours(8));
        await keeper.RestartAsync();
        await _world.PassAsync(until - Now - TimeSpan.FromMinutes(5));
        Assert.Equal(until, (await keeper.Store.GetAsync(Key, Now))!.KeptUntil);
        Assert.InRange(await CountAsync(First), 20, 24);

        await _world.PassAsync(TimeSpan.FromMinutes(10));
        var held = (await keeper.Store.GetAsync(Key, Now))!;
        Assert.Null(held.KeptUntil);
        Assert.InRange(held.ExpiresAt, until + life - Hourly, until + life);

        await _world.PassAsync(life + TimeSpan.FromHours(2));
        Assert.Equal(0, await CountAsync(First));
    });

    [Fact]
    public void What_is_not_kept_any_more_is_not_sent_and_the_quota_is_free() => _world.Run(async () =>
    {
        var keeper = await StartAsync(26, options => options.Quota = new StoreQuota { KeptKeys = 1 });
        await keeper.Node.KeepSignedAsync(First, Now.AddDays(30));
        var other = SignedItems.Sign(1, "5:other", "another");
        Assert.Equal((StoreResult.KeptQuotaExceeded, 0, false), await KeepOtherAsync());

        Assert.True(await keeper.Node.UnpublishAsync(Key));
        Assert.False(await keeper.Node.UnpublishAsync(Key));
        Assert.Equal((StoreResult.Stored, 20, true), await KeepOtherAsync());
        foreach (var node in _world.Nodes.Where(node => node != keeper))
        {
            await node.Store.RemoveAsync(Key);
        }

        await _world.PassAsync(TimeSpan.FromHours(5));
        Assert.Equal(1, await CountAsync(First));

        async Task<(StoreResult?, int, bool)> KeepOtherAsync()
        {
            var set = await keeper.Node.KeepSignedAsync(other, Now.AddDays(30));
            return (set.Local, set.Stored, set.Succeeded);
        }
    });

    [Fact]
    public void A_set_of_its_own_node_takes_its_place_though_the_key_is_far() => _world.Run(async () =>
    {
        var keeper = await StartAsync(26);
        await keeper.Node.KeepSignedAsync(First, Now.AddDays(30));
        Assert.True((await keeper.Node.SetSignedAsync(Second)).Succeeded);
        Assert.Equal(Second.ToValue(), (await keeper.Store.GetAsync(Key, Now))!.Value);
        var refused = await keeper.Node.SetSignedAsync(First);
        Assert.Equal((StoreResult.OlderItem, Second.Seq), (refused.Local, refused.HeldSeq));
        Assert.Equal(Now.AddDays(30).Date, (await keeper.Store.GetAsync(Key, Now))!.KeptUntil!.Value.Date);
    });

    // It may be nobody else's.
    [Theory]
    [InlineData(60)]
    [InlineData(600_000)]
    public void A_stranger_who_stores_it_again_and_again_does_not_keep_its_keeper_from_sending_it(int seconds) => _world.Run(async () =>
    {
        var keeper = await StartAsync(26);
        await keeper.Node.KeepSignedAsync(First, Now.AddDays(30));
        var stranger = _world.AddAnsweringPeer();
        for (var i = 0; i < 3; i++)
        {
            foreach (var node in _world.Nodes.Where(node => node != keeper))
            {
                await node.Store.RemoveAsync(Key);
            }

            for (var minute = 0; minute < 80; minute += 20)
            {
                stranger.Store(keeper.Transport.Endpoint, MessageId.Random(_world.Random), new StoreRequest(stranger.Id, Key, First.ToValue(), (uint)seconds));
                await _world.PassAsync(TimeSpan.FromMinutes(20));
            }

            Assert.InRange(await CountAsync(First), 20, 22);
        }
    });

    [Fact]
    public void A_client_only_node_keeps_nothing_and_says_so() => _world.Run(async () =>
    {
        var client = await _world.StartNodeAsync(options => options.ClientOnly = true);
        var refused = await Assert.ThrowsAsync<DhtUnavailableException>(() => client.Node.KeepSignedAsync(First, Now.AddDays(1)));
        Assert.Equal("A client-only node has no storage, and keeps no items for their owners.", refused.Message);
    });

    // The node that is farthest from the key.
    private async Task<SimulatedNode> StartAsync(int nodes, Action<KadNodeOptions>? configure = null)
    {
        await _world.StartNetworkAsync(nodes, options =>
        {
            Without.Walks(options);
            configure?.Invoke(options);
        });
        return _world.Nodes.MaxBy(node => node.Id.DistanceTo(Key))!;
    }

    private async Task<int> CountAsync(Item item)
    {
        var count = 0;
        foreach (var node in _world.Nodes)
        {
            count += (await node.Store.GetAsync(item.Key, Now))?.Value == item.ToValue() ? 1 : 0;
        }

        return count;
    }
}
