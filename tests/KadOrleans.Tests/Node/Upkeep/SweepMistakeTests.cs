namespace KadOrleans.Tests.Node;

/// <summary>What upkeep does with settings, stores and contacts that are wrong.</summary>
public sealed class SweepMistakeTests(ITestOutputHelper output)
{
    private static readonly DhtValue Value = DhtValue.FromString("value");
    private static readonly TimeSpan Delay = TimeSpan.FromMilliseconds(50);

    private readonly SimulatedWorld _world = new(46, new NetworkConditions { MinDelay = TimeSpan.FromMilliseconds(20), MaxDelay = TimeSpan.FromMilliseconds(30) });

    [Theory]
    [InlineData("00:00:00")]
    [InlineData("-01:00:00")]
    [InlineData("00:05:59")]
    [InlineData("7.00:00:01")]
    public void An_interval_that_is_no_interval_is_refused_in_a_sentence(string interval)
    {
        Assert.Equal(
            [$"Kademlia.RepublishInterval is {interval}; 00:06:00 to 7.00:00:00 is allowed."],
            FindProblems(new() { RepublishInterval = TimeSpan.Parse(interval, CultureInfo.InvariantCulture) }));
    }

    [Theory]
    [InlineData("01:06:00", "02:30:00", "02:34:00")]
    [InlineData("7.00:00:00", "7.00:00:00", "16.08:00:00")]
    public void An_interval_that_a_values_life_does_not_hold_twice_is_refused_in_a_sentence(string interval, string life, string least)
    {
        IReadOnlyList<string> Check(string lives, string? every = null) => FindProblems(new()
        {
            RepublishInterval = TimeSpan.Parse(every ?? interval, CultureInfo.InvariantCulture),
            ValueTimeToLive = TimeSpan.Parse(lives, CultureInfo.InvariantCulture),
        });

        Assert.Equal(
            [$"Kademlia.RepublishInterval is {interval} and Kademlia.ValueTimeToLive is {life}; with this interval a life of {least} or more "
                + "is allowed, twice the interval and a sixth of it."],
            Check(life));
        Assert.Empty(Check(least));
        Assert.Empty(Check("00:00:01", "01:00:00"));
    }

    // A life that is shorter than the interval by default is another matter: see above.
    [Theory]
    [InlineData("8.00:00:00", "7.00:00:00", false)]
    [InlineData("7.00:00:00", "7.00:00:00", false)]
    [InlineData("6.00:00:00", "7.00:00:00", true)]
    [InlineData("1.00:00:00", "00:30:00", true)]
    public void Values_do_not_end_before_they_are_published_again(string interval, string life, bool isAllowed)
    {
        var problems = FindProblems(new()
        {
            PublishInterval = TimeSpan.Parse(interval, CultureInfo.InvariantCulture),
            ValueTimeToLive = TimeSpan.Parse(life, CultureInfo.InvariantCulture),
        });

        Assert.Equal(
            isAllowed ? [] :
            [$"Kademlia.PublishInterval is {interval} and Kademlia.ValueTimeToLive is {life}; an interval shorter than the life is needed, "
                + "else values end before they are published again."],
            problems);
    }

    private static IReadOnlyList<string> FindProblems(KademliaOptions options) => KadNodeOptionsValidator.FindProblems(new() { Kademlia = options });

    /// <summary>Of two contacts that answer pings.</summary>
    [Theory]
    [InlineData(Taking.Never)]
    [InlineData(Taking.Refuses)]
    public void What_no_holder_takes_counts_as_unanswered_or_refused_and_not_as_sent(Taking taking) => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync(Without.Walks);
        List<LateHolder> holders = [.. Enumerable.Range(0, 2).Select(_ => new LateHolder(
            NodeId.Random(_world.Random), _world.Network.Bind(), _world.Clock, taking))];
        for (var minute = 0; !node.Node.Engine.HasHadContacts; minute++)
        {
            Assert.InRange(minute, 0, 75);
            holders.ForEach(holder => holder.Ping(node.Transport.Endpoint, _world.Random));
            await _world.PassAsync(TimeSpan.FromMinutes(1));
        }

        var keys = await HoldAsync(node, 5, () => NodeId.Random(_world.Random));
        var held = (await node.Store.GetAsync(keys[0], _world.Clock.GetUtcNow()))!;

        var counts = node.Node.Engine.Counts;
        for (var minute = 0; minute < 30 && counts["values.unanswered"] + counts["values.refusedByAll"] < 5; minute++)
        {
            await _world.PassAsync(TimeSpan.FromMinutes(1));
            counts = node.Node.Engine.Counts;
        }

        var sweep = Assert.Single((await node.Node.GetStatusAsync()).Nodes).Sweep!;
        var isRecorded = (await node.Store.GetAsync(keys[0], _world.Clock.GetUtcNow()))!.StoredAt > held.StoredAt;
        output.WriteLine($"{sweep}; {counts["values.unanswered"]} unanswered");
        Assert.Equal((0, 0), (counts["values.republished"], sweep.Republished));
        Assert.Equal((taking == Taking.Refuses, taking == Taking.Never), (isRecorded, sweep.Overdue > TimeSpan.Zero));
        Assert.Equal(taking == Taking.Refuses ? (5, 0) : (0, 5), (counts["values.refusedByAll"], counts["values.unanswered"]));
    });

    [Fact]
    public void With_the_values_of_another_node_it_sends_those_that_it_is_responsible_for_and_keeps_the_others() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(60, Without.Walks);
        var node = _world.Nodes[30];
        var keys = await HoldAsync(node, 200, () => NodeId.Random(_world.Random));
        bool IsResponsible(NodeId key) => RepublishPolicy.IsResponsible(key, node.Node.RoutingTable, new KademliaOptions().BucketSize);
        var responsible = keys.Where(IsResponsible).ToHashSet();
        await _world.PassAsync(TimeSpan.FromMinutes(15));

        // Between both, it depends on the contacts that it knew.
        int RankOf(NodeId key) => _world.Nodes.Count(other => other.Id.DistanceTo(key) < node.Id.DistanceTo(key));
        var near = keys.Where(key => RankOf(key) < 10).ToHashSet();
        var far = keys.Where(key => RankOf(key) >= 40 && !responsible.Contains(key) && !IsResponsible(key)).ToHashSet();
        Assert.InRange(near.Count, 10, 100);
        Assert.InRange(far.Count, 10, 100);
        foreach (var key in near.Union(far))
        {
            Assert.NotNull(await node.Store.GetAsync(key, _world.Clock.GetUtcNow()));
            var elsewhere = 0;
            foreach (var other in _world.Nodes.Where(other => other != node))
            {
                elsewhere += await other.Store.GetAsync(key, _world.Clock.GetUtcNow()) is null ? 0 : 1;
            }

            // One may take the place of another that was slow.
            Assert.InRange(elsewhere, near.Contains(key) ? 18 : 0, near.Contains(key) ? 22 : 0);
        }
    });

    /// <summary>Of seven contacts. The rate is 333 values a second, and one that answers in 350 ms takes 182.</summary>
    [Theory]
    [Trait("Tier", "Long")]
    [InlineData(Taking.Refuses)]
    [InlineData(Taking.Never)]
    [InlineData(Taking.Late)]
    public void One_contact_that_takes_nothing_does_not_slow_the_others(Taking taking)
    {
        var usual = Send(20_000, Taking.All, () => NodeId.Random(_world.Random)).Longest;
        var with = Send(20_000, taking, () => NodeId.Random(_world.Random)).Longest;
        output.WriteLine($"{usual}, {with} with one");

        // A minute in which a look finds them, and one in which they go out. The timeouts of the first ones come to that.
        Assert.InRange(usual, TimeSpan.FromSeconds(60), TimeSpan.FromSeconds(130));
        Assert.InRange(with, TimeSpan.Zero, usual + TimeSpan.FromSeconds(15));
    }

    [Fact]
    [Trait("Tier", "Long")]
    public void Two_hundred_thousand_keys_of_one_region_go_out_by_windows_that_hold()
    {
        var region = NodeId.Random(_world.Random);
        var (longest, most) = Send(200_000, Taking.All, () => region.RandomWithPrefix(60, _world.Random), holders: 3);
        output.WriteLine($"{longest}, at most {most} at a contact");

        // They are due at once, and hand-off, which has begun before, has windows of its own.
        Assert.InRange(most, ContactWindows.Size / 2, ContactWindows.Largest + 64);
        Assert.InRange(longest, TimeSpan.FromMinutes(1), TimeSpan.FromMinutes(15));
    }

    /// <summary>Five of seven, which answer pings.</summary>
    [Fact]
    [Trait("Tier", "Long")]
    public void Contacts_that_take_nothing_do_not_slow_the_others_though_they_are_the_most()
    {
        var longest = Send(20_000, Taking.Never, () => NodeId.Random(_world.Random), takingNothing: 5).Longest;
        output.WriteLine($"{longest}");

        Assert.InRange(longest, TimeSpan.Zero, TimeSpan.FromSeconds(145));
    }

    [Fact]
    public void While_the_disk_is_full_publications_go_out_once_in_their_interval() => _world.Run(async () =>
    {
        var (publications, transport) = (new FullPublications(), _world.Network.Bind());
        var node = await _world.StartAsync(
            options =>
            {
                Without.Walks(options);
                options.Kademlia.BucketSize = 2;
            },
            publications: publications,
            transport: transport);

        // Both are nearer to all keys than the node, which so holds none of them.
        var region = node.Id.WithBit(0, !node.Id.GetBit(0));
        List<LateHolder> holders = [.. Enumerable.Range(0, 2).Select(_ => new LateHolder(
            region.RandomWithPrefix(8, _world.Random), _world.Network.Bind(), _world.Clock, Taking.All))];
        holders.ForEach(holder => holder.Ping(transport.Endpoint, _world.Random));
        await _world.PassAsync(TimeSpan.FromSeconds(8));
        List<NodeId> keys = [.. Enumerable.Range(0, 10).Select(_ => region.RandomWithPrefix(8, _world.Random))];
        var publishedAt = _world.Clock.GetUtcNow() - TimeSpan.FromHours(25);
        foreach (var key in keys)
        {
            await publications.PutAsync(key, new Publication(Value, publishedAt));
        }

        publications.IsFull = true;
        await _world.PassAsync(TimeSpan.FromHours(3));
        Assert.Equal(keys.Count, holders[0].Stores);
        publications.IsFull = false;
        await _world.PassAsync(TimeSpan.FromMinutes(2));
        foreach (var key in keys)
        {
            Assert.True((await publications.GetAsync(key))!.PublishedAt > publishedAt);
        }

        // A set meanwhile is another publication.
        publications.IsFull = true;
        await _world.PassAsync(TimeSpan.FromHours(25));
        Assert.Equal(2 * keys.Count, holders[0].Stores);
        publications.IsFull = false;
        await publications.PutAsync(keys[0], new Publication(DhtValue.FromString("next"), _world.Clock.GetUtcNow()) { IsPending = true });
        await _world.PassAsync(TimeSpan.FromMinutes(2));
        Assert.Equal((2 * keys.Count) + 1, holders[0].Stores);
        Assert.False((await publications.GetAsync(keys[0]))!.IsPending);
    });

    [Fact]
    public void While_the_disk_is_full_held_values_go_out_once_in_their_interval() => _world.Run(async () =>
    {
        var (store, transport) = (new ScriptedStore(), _world.Network.Bind());
        await using var node = await _world.StartAsync(Without.Walks, store, transport: transport);
        var holder = new LateHolder(NodeId.Random(_world.Random), _world.Network.Bind(), _world.Clock, Taking.All);
        holder.Ping(transport.Endpoint, _world.Random);
        await _world.PassAsync(TimeSpan.FromSeconds(8));
        var (key, now) = (NodeId.Random(_world.Random), _world.Clock.GetUtcNow());
        var held = new StoredValue(Value, now - TimeSpan.FromHours(2), now + TimeSpan.FromDays(5), SourceNetwork.Trusted);
        await store.PutAsync(key, held, PutKind.Import);

        store.Result = StoreResult.StorageFailed;
        await _world.PassAsync(TimeSpan.FromHours(6));
        Assert.InRange(holder.Stores, 5, 7);
        store.Result = null;
        await _world.PassAsync(TimeSpan.FromHours(2));
        Assert.InRange(_world.Clock.GetUtcNow() - (await store.GetAsync(key, now))!.StoredAt, TimeSpan.Zero, TimeSpan.FromMinutes(75));
    });

    /// <summary>The node is one of the k nearest of each key, so it stores there first.</summary>
    [Theory]
    [InlineData(null)]
    [InlineData("value")]
    [InlineData("another")]
    public void While_the_disk_is_full_publications_reach_others_unless_another_value_is_held(string? held) => _world.Run(async () =>
    {
        var (store, publications, transport) = (new ScriptedStore(), new FullPublications(), _world.Network.Bind());
        await using var node = await _world.StartAsync(Without.Walks, store, publications: publications, transport: transport);
        var holder = new LateHolder(NodeId.Random(_world.Random), _world.Network.Bind(), _world.Clock, Taking.All);
        holder.Ping(transport.Endpoint, _world.Random);
        await _world.PassAsync(TimeSpan.FromSeconds(8));
        var (key, now) = (NodeId.Random(_world.Random), _world.Clock.GetUtcNow());
        await publications.PutAsync(key, new Publication(Value, now - TimeSpan.FromHours(25)));
        if (held is not null)
        {
            await store.PutAsync(key, new StoredValue(DhtValue.FromString(held), now, now + TimeSpan.FromDays(1), SourceNetwork.Trusted), PutKind.Import);
        }

        (store.Result, publications.IsFull) = (StoreResult.StorageFailed, true);
        await _world.PassAsync(TimeSpan.FromMinutes(50));
        Assert.Equal(held == "another" ? 0 : 1, holder.Stores);
    });

    // How long until each of the holders has all, and the most that were at one of them at once.
    private (TimeSpan Longest, int Most) Send(int values, Taking taking, Func<NodeId> nextKey, int holders = 7, int takingNothing = 1)
    {
        var world = new SimulatedWorld(46, _world.Network.Conditions);
        return world.Run(async () =>
        {
            var node = await world.StartNodeAsync(options =>
            {
                Without.Walks(options);
                options.Quota = StoreQuota.Unlimited;
            });
            List<LateHolder> all = [.. Enumerable.Range(0, holders).Select(i => new LateHolder(
                NodeId.Random(world.Random), world.Network.Bind(), world.Clock, i < takingNothing ? taking : Taking.All))];
            all.ForEach(holder => holder.Ping(node.Transport.Endpoint, world.Random));
            await world.PassAsync(TimeSpan.FromSeconds(8));
            Assert.Equal(holders, node.Node.RoutingTable.Count);
            await HoldAsync(node, values, nextKey);
            var begin = world.Clock.Elapsed;
            var counted = all.Where(holder => holder.Taking == Taking.All).ToList();
            while (counted.Exists(holder => holder.Keys.Count < values))
            {
                Assert.InRange(world.Clock.Elapsed - begin, TimeSpan.Zero, TimeSpan.FromMinutes(50));
                await world.PassAsync(TimeSpan.FromSeconds(1));
            }

            return (world.Clock.Elapsed - begin, counted.Max(holder => holder.Most));
        });
    }

    // Values that are due.
    private async Task<List<NodeId>> HoldAsync(SimulatedNode node, int count, Func<NodeId> nextKey)
    {
        List<NodeId> keys = [.. Enumerable.Range(0, count).Select(_ => nextKey())];
        var storedAt = _world.Clock.GetUtcNow() - TimeSpan.FromHours(2);
        foreach (var key in keys)
        {
            await node.Store.PutAsync(key, new StoredValue(Value, storedAt, storedAt + TimeSpan.FromDays(7), default));
        }

        return keys;
    }

    public enum Taking
    {
        All,
        Refuses,
        Never,
        Late,
    }

    // Answers STOREs after a while, and knows nobody.
    private sealed class LateHolder(NodeId id, SimulatedTransport transport, ManualTimeProvider clock, Taking taking) : ScriptedPeer(id, transport)
    {
        private readonly HashSet<NodeId> _pending = [];
        private readonly Dictionary<NodeId, TimeSpan> _last = [];

        public Taking Taking => taking;

        public HashSet<NodeId> Keys { get; } = [];

        public int Most { get; private set; }

        public int Stores { get; private set; }

        private protected override void Take(Request request, MessageId id, UdpEndpoint source)
        {
            if (request.Kind != RequestKind.Store)
            {
                base.Take(request, id, source);
                return;
            }

            // A retry is none.
            var isFirst = !_last.TryGetValue(request.Target, out var last) || clock.Elapsed - last > TimeSpan.FromSeconds(10);
            Stores += isFirst ? 1 : 0;
            _last[request.Target] = clock.Elapsed;
            Keys.Add(request.Target);
            _pending.Add(request.Target);
            Most = Math.Max(Most, _pending.Count);
            if (taking != Taking.Never)
            {
                var (answer, key) = (new byte[64], request.Target);
                var length = ResponseWriter.WriteStored(answer, id, taking != Taking.Refuses);
                clock.Schedule(new LateStored(() =>
                {
                    _pending.Remove(key);
                    Send(answer.AsSpan(0, length), source);
                }), taking == Taking.Late ? 6 * Delay : Delay);
            }
        }

        private sealed class LateStored(Action send) : ScheduledEvent
        {
            public override void Fire() => send();
        }
    }

    // Reads, and while it is full writes nothing.
    private sealed class FullPublications : IPublicationStore
    {
        private readonly InMemoryPublicationStore _inner = new(capacity: 100);

        public bool IsFull { get; set; }

        public ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default) => _inner.GetAsync(key, cancellationToken);

        public ValueTask<StoreResult> PutAsync(NodeId key, Publication publication, CancellationToken cancellationToken = default) =>
            WriteAsync(() => _inner.PutAsync(key, publication, cancellationToken));

        public ValueTask<StoreResult> ReplaceAsync(
            NodeId key, Publication before, Publication? after, CancellationToken cancellationToken = default) =>
            WriteAsync(() => _inner.ReplaceAsync(key, before, after, cancellationToken));

        public ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default) => _inner.RemoveAsync(key, cancellationToken);

        public IAsyncEnumerable<KeyValuePair<NodeId, Publication>> ScanAsync(CancellationToken cancellationToken = default) =>
            _inner.ScanAsync(cancellationToken);

        private ValueTask<StoreResult> WriteAsync(Func<ValueTask<StoreResult>> write) =>
            IsFull ? ValueTask.FromResult(StoreResult.StorageFailed) : write();
    }
}
