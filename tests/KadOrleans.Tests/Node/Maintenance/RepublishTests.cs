namespace KadOrleans.Tests.Node;

/// <summary>Values going out again (Kademlia §2.5), between a few nodes.</summary>
public sealed class RepublishTests
{
    private static readonly NodeId Key = NodeId.FromKey("key");
    private static readonly DhtValue Value = DhtValue.FromString("value");
    private static readonly TimeSpan TimeToLive = TimeSpan.FromDays(7);

    private readonly SimulatedWorld _world = new(seed: 31);

    [Fact]
    public void What_is_held_goes_out_each_hour_with_the_life_that_is_left() => _world.Run(async () =>
    {
        var holder = await _world.StartNodeAsync();
        var stores = RecordStores(await JoinPeerAsync(holder));
        await holder.Store.PutAsync(Key, Held(Value, TimeToLive));
        var expiresAt = _world.Clock.GetUtcNow() + TimeToLive;

        await _world.PassAsync(TimeSpan.FromMinutes(59));
        Assert.Empty(stores);
        await _world.PassAsync(TimeSpan.FromHours(5));

        // Every 60 to 70 minutes, looked for once a minute.
        Assert.InRange(stores.Count, 5, 6);
        Assert.All(stores, store =>
        {
            Assert.Equal(Value, store.Request.Value);
            var end = store.At + TimeSpan.FromSeconds(store.Request.SecondsLeft!.Value);
            Assert.InRange(end, expiresAt - TimeSpan.FromSeconds(1), expiresAt + TimeSpan.FromSeconds(1));
        });
    });

    [Fact]
    public void What_somebody_stored_within_the_hour_does_not_go_out() => _world.Run(async () =>
    {
        var holder = await _world.StartNodeAsync();
        var peer = await JoinPeerAsync(holder);
        var stores = RecordStores(peer);
        for (var i = 0; i < 10; i++)
        {
            peer.Store(holder.Transport.Endpoint, MessageId.Random(_world.Random), new StoreRequest(peer.Id, Key, Value, 600_000));
            await _world.PassAsync(TimeSpan.FromMinutes(50));
        }

        Assert.Empty(stores);
    });

    [Fact]
    public void What_nobody_took_while_the_node_was_cut_off_stays_due() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(12, Without.Walks);
        var holder = _world.Nodes[0];
        await holder.Store.PutAsync(Key, Held(Value, TimeToLive));
        var before = (await holder.Store.GetAsync(Key, _world.Clock.GetUtcNow()))!.StoredAt;
        await _world.PassAsync(TimeSpan.FromMinutes(59));
        _world.Network.Cut([holder.Transport.Endpoint], TimeSpan.FromMinutes(15));

        await _world.PassAsync(TimeSpan.FromMinutes(14));
        Assert.Equal(before, (await holder.Store.GetAsync(Key, _world.Clock.GetUtcNow()))!.StoredAt);
        Assert.Equal(0, holder.Node.Engine.Counts["values.republished"]);
        Assert.True(holder.Node.Engine.Counts["values.unanswered"] + holder.Node.Engine.Counts["sweeps.cutOff"] > 0);

        await _world.PassAsync(TimeSpan.FromMinutes(15));
        Assert.All(await FindAllAsync(), value => Assert.Equal(Value, value));
    });

    /// <summary>A survey has nobody left then, and asks those that were silent again after ten minutes only. A lookup asks them at once.</summary>
    [Fact]
    public void Values_that_are_due_in_an_outage_of_all_that_a_survey_found_go_out_soon_after_it() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(12, Without.Walks);
        var holder = _world.Nodes[0];
        await HoldAsync("before");
        await _world.PassAsync(TimeSpan.FromMinutes(75));
        Assert.All(await CountAsync("before"), held => Assert.Equal(_world.Nodes.Count, held));
        Assert.Equal((1, 0), (holder.Node.Engine.Counts["sweeps.surveys"], holder.Node.Engine.Counts["sweeps.lookups"]));

        await HoldAsync("after");
        await _world.PassAsync(TimeSpan.FromMinutes(58));
        _world.Network.Cut([holder.Transport.Endpoint], TimeSpan.FromMinutes(6));
        await _world.PassAsync(TimeSpan.FromMinutes(9));
        Assert.All(await CountAsync("after"), held => Assert.Equal(_world.Nodes.Count, held));

        async Task HoldAsync(string name)
        {
            foreach (var key in KeysOf(name))
            {
                await holder.Store.PutAsync(key, Held(Value, TimeToLive));
            }
        }

        async Task<List<int>> CountAsync(string name)
        {
            var counts = new List<int>();
            foreach (var key in KeysOf(name))
            {
                var held = await Task.WhenAll(_world.Nodes.Select(node => node.Store.GetAsync(key, _world.Clock.GetUtcNow()).AsTask()));
                counts.Add(held.Count(value => value is not null));
            }

            return counts;
        }

        static IEnumerable<NodeId> KeysOf(string name) => Enumerable.Range(0, 2 * SweepLookups.FewestKeys).Select(i => NodeId.FromKey($"{name} {i}"));
    });

    [Theory]
    [InlineData(SetAcknowledgement.Durable, false)]
    [InlineData(SetAcknowledgement.Network, false)]
    [InlineData(SetAcknowledgement.Network, true)]
    public void A_publication_that_nobody_answered_goes_out_once_the_node_is_no_longer_cut_off(SetAcknowledgement acknowledgement, bool wasOut) => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(60, Without.Walks);
        var publisher = _world.Nodes[0];
        var key = FindFarKey(publisher);
        if (wasOut)
        {
            await publisher.Node.SetAsync(key, Value, acknowledgement);
            await _world.PassAsync(TimeSpan.FromDays(1));
            _world.Network.Cut([publisher.Transport.Endpoint], TimeSpan.FromMinutes(4));
        }
        else
        {
            _world.Network.Cut([publisher.Transport.Endpoint], TimeSpan.FromSeconds(20));
            Assert.True((await publisher.Node.SetAsync(key, Value, acknowledgement)).IsPending);
        }

        await _world.PassAsync(TimeSpan.FromSeconds(19));
        var before = publisher.Node.Engine.Counts["values.published"];
        await _world.PassAsync(TimeSpan.FromMinutes(8));

        Assert.Equal(before + 1, publisher.Node.Engine.Counts["values.published"]);
        Assert.All(NearestTo(key), node => Assert.True(HasFullLife(node)));

        bool HasFullLife(SimulatedNode node) =>
            node.Store.GetAsync(key, _world.Clock.GetUtcNow()).AsTask().Result?.LifeLeft(_world.Clock.GetUtcNow()) > TimeToLive - TimeSpan.FromMinutes(10);
    });

    [Fact]
    public void A_stranger_cannot_keep_holders_from_republishing_by_copies_that_are_about_to_expire() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(8, Without.Walks);
        await _world.Nodes[0].Node.SetAsync(Key, Value);
        await _world.Nodes[0].Node.UnpublishAsync(Key);
        var stranger = _world.AddPeer();
        for (var i = 0; i < 10; i++)
        {
            foreach (var node in _world.Nodes)
            {
                stranger.Store(node.Transport.Endpoint, MessageId.Random(_world.Random), new StoreRequest(stranger.Id, Key, Value, 60));
            }

            await _world.PassAsync(TimeSpan.FromMinutes(30));
        }

        Assert.InRange(_world.Nodes.Sum(node => node.Node.Engine.Counts["values.republished"]), 3, 40);
        Assert.All(await FindAllAsync(), value => Assert.Equal(Value, value));
    });

    [Fact]
    public void What_was_published_goes_out_each_day_with_a_full_life_until_it_is_unpublished() => _world.Run(async () =>
    {
        var publisher = await _world.StartNodeAsync();
        var stores = RecordStores(await JoinPeerAsync(publisher));
        await publisher.Node.SetAsync(Key, Value);
        await _world.PassAsync(TimeSpan.FromDays(9));
        Assert.Equal(9, stores.Count(store => store.Request.SecondsLeft is null));

        Assert.True(await publisher.Node.UnpublishAsync(Key));
        Assert.False(await publisher.Node.UnpublishAsync(Key));
        stores.Clear();
        await _world.PassAsync(TimeSpan.FromDays(8));
        Assert.DoesNotContain(stores, store => store.Request.SecondsLeft is null);
        Assert.Null(await FindAsync(publisher));
    });

    [Fact]
    public void A_publication_ends_when_somebody_published_another_value_later() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(5, Brief);
        await _world.Nodes[0].Node.SetAsync(Key, Value);
        await _world.PassAsync(TimeSpan.FromHours(1));
        var later = DhtValue.FromString("later");
        await _world.Nodes[4].Node.SetAsync(Key, later);

        await _world.PassAsync(TimeSpan.FromDays(3));

        Assert.All(await FindAllAsync(), value => Assert.Equal(later, value));
        Assert.False(await _world.Nodes[0].Node.UnpublishAsync(Key));
        Assert.True(await _world.Nodes[4].Node.UnpublishAsync(Key));
    });

    /// <summary>
    /// Half of those that the survey of the key's region names have the later value, and nodes that are nearer by now, which the publisher has never
    /// met, have it too.
    /// </summary>
    [Fact]
    public void A_publication_ends_also_where_most_that_have_another_value_came_since_the_region_was_surveyed() => _world.Run(async () =>
    {
        const int K = 4;
        var publisher = await _world.StartNodeAsync(options =>
        {
            Without.Walks(options);
            options.Kademlia = options.Kademlia with { BucketSize = K };
        });
        var known = new List<Contact>();
        var later = new Dictionary<NodeId, DhtValue>();
        var lastAsked = new List<NodeId>();
        for (var i = 0; i < 30; i++)
        {
            var peer = AddPeer(NodeId.Random(_world.Random));
            peer.Ping(publisher.Transport.Endpoint, _world.Random);
        }

        await _world.PassAsync(TimeSpan.FromSeconds(30));
        await SetOthersAsync(0);
        await _world.PassAsync(TimeSpan.FromHours(2));
        await publisher.Node.SetAsync(Key, Value);
        await SetOthersAsync(1);
        await _world.PassAsync(TimeSpan.FromMinutes((24 * 60) - 2));
        var before = known.OrderBy(contact => contact.Id.DistanceTo(Key)).Take(K).ToList();
        var nearer = before[0].Id.CommonPrefixLength(Key) + 1;
        var newcomers = Enumerable.Range(0, K / 2).Select(_ => AddPeer(Key.RandomWithPrefix(nearer, _world.Random)).Id).ToList();
        foreach (var holder in newcomers.Concat(before.Take(K / 2).Select(contact => contact.Id)))
        {
            later[holder] = DhtValue.FromString("later");
        }

        lastAsked.Clear();
        await _world.PassAsync(TimeSpan.FromMinutes(20));

        // By the survey, and then by a lookup.
        Assert.Equal((1, 1), (publisher.Node.Engine.Counts["sweeps.surveys"], publisher.Node.Engine.Counts["sweeps.lookups"]));
        Assert.Equal(before.Select(contact => contact.Id).Order(), lastAsked.Take(K).Order());
        Assert.Empty(newcomers.Except(lastAsked));
        Assert.False(await publisher.Node.UnpublishAsync(Key));

        RawPeer AddPeer(NodeId id)
        {
            var peer = new RawPeer(_world.Network.Bind(), id);
            known.Add(peer.Contact);
            peer.OnRequest = (request, message, answer) =>
            {
                if (request.Kind == RequestKind.FindValue && request.Target == Key)
                {
                    lastAsked.Add(id);
                    if (later.TryGetValue(id, out var value))
                    {
                        return ResponseWriter.WriteValue(answer, message, value, (uint)TimeToLive.TotalSeconds);
                    }
                }

                var target = request.Target;
                return peer.Naming([.. known.OrderBy(contact => contact.Id.DistanceTo(target)).Take(K)])(request, message, answer);
            };
            return peer;
        }

        // So many of one region that it is surveyed.
        async Task SetOthersAsync(int turn)
        {
            for (var i = 0; i < SweepLookups.FewestKeys; i++)
            {
                await publisher.Node.SetAsync(Key.RandomWithPrefix(20 + turn, _world.Random).WithBit(20 + turn, !Key.GetBit(20 + turn)), Value);
            }
        }
    });

    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    public void A_stranger_does_not_end_a_publication_while_the_others_are_out_of_reach(int liars) => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(6, Without.Walks);
        var publisher = _world.Nodes[0];
        await publisher.Node.SetAsync(Key, Value);
        var publishedAt = _world.Clock.GetUtcNow();
        var lie = DhtValue.FromString("lie");
        for (var i = 0; i < liars; i++)
        {
            var liar = await JoinPeerAsync(publisher);
            liar.OnRequest = (request, id, answer) => request.Kind == RequestKind.FindValue
                ? ResponseWriter.WriteValue(answer, id, lie, secondsLeft: 600_000)
                : liar.Naming()(request, id, answer);
        }

        // Just before the look at the publication, so that the others are contacts still.
        await _world.PassAsync(publishedAt + TimeSpan.FromMinutes((24 * 60) - 1) - _world.Clock.GetUtcNow());
        var stranger = await JoinPeerAsync(publisher);
        stranger.Store(publisher.Transport.Endpoint, MessageId.Random(_world.Random), new StoreRequest(stranger.Id, Key, lie));
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(lie, (await FindAsync(publisher))?.Value);
        foreach (var other in _world.Nodes.Skip(1))
        {
            other.Transport.IsCutOff = true;
        }

        stranger.OnRequest = (_, _, _) => 0;
        await _world.PassAsync(TimeSpan.FromMinutes(4));

        Assert.True(await publisher.Node.UnpublishAsync(Key));
    });

    [Fact]
    public void A_stale_holder_does_not_bring_an_old_value_back() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(4, Without.Walks);
        await _world.Nodes[0].Node.SetAsync(Key, Value);
        _world.Nodes[3].Transport.IsCutOff = true;
        await _world.PassAsync(TimeSpan.FromMinutes(30));
        var later = DhtValue.FromString("later");
        await _world.Nodes[1].Node.SetAsync(Key, later);
        _world.Nodes[3].Transport.IsCutOff = false;

        await _world.PassAsync(TimeSpan.FromHours(5));

        Assert.All(await FindAllAsync(), value => Assert.Equal(later, value));
    });

    [Fact]
    public void The_copy_that_a_get_leaves_behind_lives_no_longer_than_the_value() => _world.Run(async () =>
    {
        var asker = await _world.StartNodeAsync();
        var holder = await JoinPeerAsync(asker);
        var lacking = await JoinPeerAsync(asker);
        var stores = RecordStores(lacking);
        foreach (var (told, expected) in new (uint?, uint)[] { (5_000, 5_000), (100_000, 7_200), (null, 3_600) })
        {
            holder.OnRequest = (request, id, answer) => request.Kind == RequestKind.FindValue
                ? ResponseWriter.WriteValue(answer, id, Value, told)
                : holder.AnswerPings(request, id, answer);
            Assert.Equal(Value, (await asker.Node.GetAsync(Key)).Value);
            await _world.PassAsync(TimeSpan.FromSeconds(1));
            Assert.Equal(expected, Assert.Single(stores).Request.SecondsLeft);
            stores.Clear();
        }
    });

    [Theory]
    [InlineData(500, 2, 4)]
    [InlineData(40_000, null, 700)]
    public void What_is_due_at_once_goes_out_within_the_hour_and_at_its_rate(int keys, int? rate, int mostInSecond) => _world.Run(async () =>
    {
        var holder = await HoldAsync(keys, options => options.RepublishRate = rate ?? options.RepublishRate);
        var stores = RecordStores(await JoinPeerAsync(holder));

        await _world.PassAsync(TimeSpan.FromMinutes(75));

        Assert.Equal(keys, stores.Select(store => store.Request.Key).Distinct().Count());
        Assert.InRange(stores.GroupBy(store => store.At.ToUnixTimeSeconds()).Max(second => second.Count()), 1, mostInSecond);
    });

    [Fact]
    public void Who_looks_sees_how_far_a_sweep_is_what_it_sent_and_how_late() => _world.Run(async () =>
    {
        var holder = await HoldAsync(40, options => options.RepublishRate = 0.5);
        await JoinPeerAsync(holder);
        await holder.Node.SetAsync(Key, Value);
        await PassToSweepAsync(holder);

        var begun = await SweepOfAsync(holder);
        // The own value is held, too.
        Assert.Equal((41, null), (begun.Values, begun.EndedAt));
        Assert.InRange(begun.Waiting, 30, 40);
        await _world.PassAsync(TimeSpan.FromMinutes(2));

        var ended = await SweepOfAsync(holder);
        Assert.Equal((41, 0, 41, 0, false), (ended.Values, ended.Waiting, ended.Republished, ended.Published, ended.MissesInterval));
        Assert.Equal((begun.BegunAt, ended.Regions), (ended.BegunAt, ended.RegionsDone));
        Assert.InRange(ended.EndedAt!.Value - ended.BegunAt!.Value, TimeSpan.FromSeconds(70), TimeSpan.FromSeconds(90));
        Assert.InRange(ended.Lateness, TimeSpan.FromMinutes(2), TimeSpan.FromMinutes(12));
        Assert.InRange(ended.Regions, 1, 41);

        // The own publication is a day old.
        await _world.PassAsync(TimeSpan.FromHours(24));
        Assert.Equal(1, holder.Node.Engine.Counts["values.published"]);
        Assert.True(holder.Node.Engine.Counts["sweeps.lookups"] + holder.Node.Engine.Counts["sweeps.surveys"] > 0);
    });

    [Fact]
    public void A_sweep_that_is_too_slow_misses_the_interval_until_what_waits_is_sent() => _world.Run(async () =>
    {
        // 6 a minute take 34 minutes.
        var holder = await HoldAsync(200, options => options.RepublishRate = 0.1);
        await JoinPeerAsync(holder);
        await _world.PassAsync(TimeSpan.FromMinutes(74));
        Assert.False((await SweepOfAsync(holder)).MissesInterval);

        await _world.PassAsync(TimeSpan.FromMinutes(10));
        var late = await SweepOfAsync(holder);
        Assert.True(late.MissesInterval, $"{late}");
        Assert.InRange(late.Overdue, TimeSpan.FromMinutes(22), TimeSpan.FromMinutes(24));

        await _world.PassAsync(TimeSpan.FromMinutes(30));
        var sent = await SweepOfAsync(holder);
        Assert.Equal((0, false), (sent.Waiting, sent.MissesInterval));
        Assert.InRange(sent.Lateness, TimeSpan.FromMinutes(34), TimeSpan.FromMinutes(50));
    });

    [Fact]
    public void Work_that_an_operator_begins_is_seen_at_once_and_one_who_has_nothing_due_ends_it() => _world.Run(async () =>
    {
        var holder = await HoldAsync(5, static _ => { });
        await JoinPeerAsync(holder);

        Assert.Equal(1, await holder.Node.Admin.RunAsync(DhtWork.Republish));
        Assert.True((await SweepOfAsync(holder)).IsLooking);
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        var sweep = await SweepOfAsync(holder);
        Assert.Equal((false, 0, null), (sweep.IsLooking, sweep.Values, sweep.BegunAt));
    });

    [Fact]
    public void A_value_that_is_ones_own_only_since_a_nearer_contact_left_is_not_late() => _world.Run(async () =>
    {
        var holder = await _world.StartNodeAsync(options => options.Kademlia = new KademliaOptions { BucketSize = 2 });
        RawPeer[] nearer = [await JoinPeerAsync(holder), await JoinPeerAsync(holder)];
        var key = nearer[0].Id;
        while (Array.Exists(nearer, peer => peer.Id.DistanceTo(key) > holder.Node.Id.DistanceTo(key)))
        {
            key = NodeId.Random(_world.Random);
        }

        await holder.Store.PutAsync(key, Held(Value, TimeToLive));
        await _world.PassAsync(TimeSpan.FromHours(20));
        Assert.Equal(0, (await SweepOfAsync(holder)).Values);

        Assert.Equal(1, await holder.Node.Admin.DropContactAsync(nearer[0].Id));
        Assert.Equal(1, await holder.Node.Admin.RunAsync(DhtWork.Republish));
        await _world.PassAsync(TimeSpan.FromSeconds(10));

        var sweep = await SweepOfAsync(holder);
        Assert.Equal(1, sweep.Values);
        Assert.InRange(sweep.Lateness, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(12));
    });

    [Fact]
    public void Republishing_takes_half_of_the_upload_at_most() => _world.Run(async () =>
    {
        const int Upload = 16_384;
        var holder = await HoldAsync(40_000, options => options.Upload = new UploadLimits { Total = Upload });
        await JoinPeerAsync(holder);
        await _world.PassAsync(TimeSpan.FromMinutes(65));
        var before = holder.Transport.SentBytes;
        await _world.PassAsync(TimeSpan.FromMinutes(1));

        Assert.InRange(holder.Transport.SentBytes - before, 60 * Upload / 4, 60 * Upload / 2);
    });

    [Fact]
    public void What_is_beyond_the_publications_it_remembers_is_stored_and_says_so() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync(options => options.MaxPublications = 1);
        Assert.Equal(StoreResult.Stored, (await node.Node.SetAsync("one", Value)).Publication);
        var second = await node.Node.SetAsync("two", Value);
        Assert.True(second.Succeeded);
        Assert.Equal(StoreResult.TotalQuotaExceeded, second.Publication);
    });

    private IEnumerable<SimulatedNode> NearestTo(NodeId key) => _world.Nodes.OrderBy(node => node.Node.Id.DistanceTo(key)).Take(20);

    private NodeId FindFarKey(SimulatedNode node)
    {
        while (true)
        {
            var key = NodeId.Random(_world.Random);
            if (_world.Nodes.Count(other => other.Node.Id.DistanceTo(key) < node.Node.Id.DistanceTo(key)) > 40)
            {
                return key;
            }
        }
    }

    private static void Brief(KadNodeOptions options)
    {
        Without.Walks(options);
        options.Kademlia = new KademliaOptions { ValueTimeToLive = TimeSpan.FromDays(1) };
    }

    private StoredValue Held(DhtValue value, TimeSpan life) =>
        new(value, _world.Clock.GetUtcNow(), _world.Clock.GetUtcNow() + life, default);

    private async Task<SimulatedNode> HoldAsync(int keys, Action<KadNodeOptions> configure)
    {
        var holder = await _world.StartNodeAsync(options =>
        {
            options.Quota = StoreQuota.Unlimited;
            configure(options);
        });
        for (var i = 0; i < keys; i++)
        {
            await holder.Store.PutAsync(NodeId.Random(_world.Random), Held(Value, TimeToLive));
        }

        return holder;
    }

    private static async Task<SweepProgress> SweepOfAsync(SimulatedNode node) => Assert.Single((await node.Node.GetStatusAsync()).Nodes).Sweep!;

    private async Task PassToSweepAsync(SimulatedNode node)
    {
        for (var second = 0; (await SweepOfAsync(node)).Waiting == 0; second++)
        {
            Assert.InRange(second, 0, 75 * 60);
            await _world.PassAsync(TimeSpan.FromSeconds(1));
        }
    }

    private async Task<StoredValue?> FindAsync(SimulatedNode node) => await node.Store.GetAsync(Key, _world.Clock.GetUtcNow());

    private async Task<IReadOnlyList<DhtValue?>> FindAllAsync()
    {
        var values = new List<DhtValue?>();
        foreach (var node in _world.Nodes)
        {
            values.Add((await FindAsync(node))?.Value);
        }

        return values;
    }

    /// <summary>A contact of a node under the test's control; it knows nobody and takes what it is given.</summary>
    private async Task<RawPeer> JoinPeerAsync(SimulatedNode node)
    {
        var peer = _world.AddPeer();
        peer.OnRequest = peer.Naming();
        peer.Ping(node.Transport.Endpoint, MessageId.Random(_world.Random));
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Contains(peer.Contact, node.Node.RoutingTable.Contacts);
        return peer;
    }

    private List<(DateTimeOffset At, StoreRequest Request)> RecordStores(RawPeer peer)
    {
        var stores = new List<(DateTimeOffset, StoreRequest)>();
        peer.OnRequest = (request, id, answer) =>
        {
            if (request.Kind == RequestKind.Store)
            {
                stores.Add((_world.Clock.GetUtcNow(), request.AsStore()));
            }

            return peer.Naming()(request, id, answer);
        };
        return stores;
    }
}
