namespace KadOrleans.Cluster.Tests.Grains;

public sealed class ReminderTickTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>, IDisposable
{
    private const long Shard = 201;

    private readonly TestEdge _edge = new();

    public void Dispose() => cluster.Rows.Heal();

    [Fact]
    public async Task A_tick_of_a_table_whose_edge_is_gone_changes_nothing()
    {
        var table = cluster.Table(Samples.Key(22));
        await table.SubscribeAsync(1, cluster.Reference(_edge));
        await table.ObserveAsync(1, [ContactObservation.Answered(new Contact(Samples.Key(21), UdpEndpoint.Parse("127.0.0.1:21")))]);
        var before = await StateOfAsync(table);

        // Without its timers: the reminder itself might tick within the first minutes, while the edge is known.
        cluster.Clock.MoveTo(cluster.Clock.Elapsed + TimeSpan.FromHours(1));
        await TickAsync(table, RoutingTableGrain.Walk, 2);
        await TickAsync(table, RoutingTableGrain.Refresh, 2);
        Assert.Equal(before, await StateOfAsync(table));
        Assert.Empty(_edge.Work);

        // The edge that comes back is handed work as before.
        await table.SubscribeAsync(1, cluster.Reference(_edge));
        await TickAsync(table, RoutingTableGrain.Walk, 1);
        await cluster.UntilAsync(() => _edge.Work.OfType<RandomWalkWork>().Any());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_tick_that_meets_the_end_of_a_publication_does_not_bring_it_back(bool isReplaced)
    {
        var shard = cluster.Shard(Shard + 1);
        var keys = Samples.KeysOf(Shard + 1, ClusterFixture.ShardBits).Skip(isReplaced ? 2 : 0).Take(2).ToList();
        var now = cluster.Clock.GetUtcNow();
        var old = cluster.Text("old") with { StoredAt = now, ExpiresAt = now + TimeSpan.FromHours(1), PublishedAt = now };
        var last = isReplaced ? old with { Value = DhtValue.FromString("new") } : old with { PublishedAt = null };
        await shard.PutAsync([new ShardPut(keys[0], old)]);

        // The tick comes while the end is on its way to storage.
        var (gate, reached) = cluster.Rows.Hold(shard);
        var end = isReplaced
            ? shard.PutAsync([new ShardPut(keys[0], last)]).AsTask()
            : (Task)shard.UnpublishAsync([keys[0]]).AsTask();
        await reached;
        await TickAsync(shard, KeyShardGrain.Expiry, 1);
        gate.SetResult();
        await end;
        await shard.PutAsync([new ShardPut(keys[1], old)]);

        var held = Assert.Single(await shard.GetAsync([keys[0]]));
        Assert.Equal((last.Value, last.PublishedAt), (held!.Value, held.PublishedAt));
    }

    [Fact]
    public async Task Ticks_of_a_shard_that_come_twice_or_hours_late_remove_what_is_expired_once()
    {
        var shard = cluster.Shard(Shard);
        var keys = Samples.KeysOf(Shard, ClusterFixture.ShardBits).Take(3).ToList();
        var lasting = cluster.Text("lasting") with { ExpiresAt = cluster.Clock.GetUtcNow() + TimeSpan.FromDays(9) };
        var brief = lasting with { ExpiresAt = cluster.Clock.GetUtcNow() + TimeSpan.FromMinutes(1) };
        await shard.PutAsync([new ShardPut(keys[0], lasting), new ShardPut(keys[1], brief), new ShardPut(keys[2], brief)]);

        // A tick too early finds nothing to do; while those of three hours are missed, what is expired is not served.
        var writes = Writes(shard);
        await TickAsync(shard, KeyShardGrain.Expiry, 2);
        Assert.Equal((3, writes), ((await shard.GetUsageAsync()).Keys, Writes(shard)));
        cluster.Clock.Advance(TimeSpan.FromHours(3));
        Assert.Equal([lasting, null, null], await shard.GetAsync(keys));

        await TickAsync(shard, KeyShardGrain.Expiry, 3);
        await TickUntilAsync(shard, async () => (await shard.GetUsageAsync()).Keys == 1);
        var usage = await shard.GetUsageAsync();
        writes = Writes(shard);
        await TickAsync(shard, KeyShardGrain.Expiry, 3);
        Assert.Equal((usage, writes), (await shard.GetUsageAsync(), Writes(shard)));
        await cluster.Cluster.DeactivateAsync(shard);
        await TickAsync(shard, KeyShardGrain.Expiry, 2);
        Assert.Equal(usage, await shard.GetUsageAsync());
        Assert.Equal([lasting, null, null], await shard.GetAsync(keys));
    }

    [Fact]
    public async Task A_tick_hands_what_is_due_to_the_live_edges_and_to_another_if_it_is_gone()
    {
        var (shard, keys) = await BeginAsync(number: 205, 300);
        var now = cluster.Clock.GetUtcNow();
        var value = cluster.Text("value") with { StoredAt = now, ExpiresAt = now + TimeSpan.FromDays(9) };
        await shard.PutAsync([.. keys.Select(key => new ShardPut(key, value))]);
        var far = new TestEdge();
        var farIds = await LeaseAsync("far", far);
        var nearIds = await LeaseAsync("near", _edge);
        await TickAsync(shard, KeyShardGrain.Expiry, 2);
        Assert.Empty(OwnKeysOf(_edge, far));

        // The clock moves by moments: an hour later the reminder itself would tick, maybe between the two leases.
        var due = cluster.Text("due") with { StoredAt = now - TimeSpan.FromHours(1), ExpiresAt = value.ExpiresAt };
        await shard.RemoveAsync(keys);
        await shard.PutAsync([.. keys.Select(key => new ShardPut(key, due, PutKind.Import))]);
        await TickUntilAsync(shard, () => Task.FromResult(OwnKeysOf(_edge, far).Count == keys.Count), LeaseBothAsync);
        AssertOwn(_edge, nearIds);
        AssertOwn(far, farIds);

        // One edge does not serve its ids any more.
        _edge.IsStopping = true;
        far.Work.Clear();
        cluster.Clock.Advance(TimeSpan.FromHours(1));
        await LeaseBothAsync();
        await TickUntilAsync(shard, () => Task.FromResult(KeysOf(far).IsSupersetOf(keys)), LeaseBothAsync);

        // An edge sends with its own ids. Which keys fall to which of them is in EdgeSharesTests and ClusterRepublishingTests.
        static void AssertOwn(TestEdge edge, IReadOnlyList<NodeId> ids) => Assert.All(edge.Work.Cast<RepublishWork>(), work =>
        {
            Assert.InRange(work.Keys.Count, 1, RepublishWork.MaxKeys);
            Assert.Contains(work.NodeId, ids);
        });

        // The edges may be handed what is due in shards of other tests, too.
        HashSet<NodeId> OwnKeysOf(params TestEdge[] edges) => [.. KeysOf(edges).Intersect(keys)];

        async Task LeaseBothAsync()
        {
            await LeaseAsync("far", far);
            await LeaseAsync("near", _edge);
        }
    }

    [Fact]
    public async Task An_activation_goes_on_with_what_the_one_before_had_not_handed_over()
    {
        var (shard, keys) = await BeginAsync(number: 206, 300);
        var now = cluster.Clock.GetUtcNow();
        var due = cluster.Text("due") with { StoredAt = now - TimeSpan.FromHours(1), ExpiresAt = now + TimeSpan.FromDays(9) };
        await shard.PutAsync([.. keys.Select(key => new ShardPut(key, due, PutKind.Import))]);
        await LeaseAsync("next", _edge);
        await cluster.Cluster.DeactivateAsync(shard);
        Assert.Equal(keys.Count, (await shard.GetUsageAsync()).Keys);

        await cluster.AdvanceUntilAsync(TimeSpan.FromSeconds(1), async () =>
        {
            await LeaseAsync("next", _edge);
            return KeysOf(_edge).IsSupersetOf(keys);
        });
        Assert.InRange(cluster.Clock.GetUtcNow() - now, TimeSpan.Zero, KeyShardGrain.GoesOnWithin + TimeSpan.FromMinutes(1));
    }

    [Fact]
    public async Task What_an_edge_has_no_room_for_waits_for_that_edge()
    {
        var (shard, keys) = await BeginAsync(number: 204, 600);
        var now = cluster.Clock.GetUtcNow();
        var due = cluster.Text("due") with { StoredAt = now - TimeSpan.FromHours(1), ExpiresAt = now + TimeSpan.FromDays(9) };
        await shard.PutAsync([.. keys.Select(key => new ShardPut(key, due, PutKind.Import))]);
        _edge.TakesWork = false;
        await LeaseAsync("full", _edge);
        await TickAsync(shard, KeyShardGrain.Expiry, 1);
        Assert.Empty(_edge.Work);

        _edge.TakesWork = true;
        await cluster.AdvanceUntilAsync(TimeSpan.FromSeconds(1), async () =>
        {
            await LeaseAsync("full", _edge);
            return KeysOf(_edge).IsSupersetOf(keys);
        });
        Assert.All(_edge.Work.OfType<RepublishWork>(), work => Assert.InRange(work.Keys.Count, 1, RepublishWork.MaxKeys));
    }

    /// <summary>A check that was begun before hands its keys over and watches them, or an edge has no room for them.</summary>
    [Theory]
    [InlineData(207, true, true)]
    [InlineData(208, true, false)]
    [InlineData(209, false, true)]
    public async Task A_tick_removes_what_is_expired_and_offers_what_came_due_though_a_check_is_under_way(long number, bool isTaken, bool isRun)
    {
        var (shard, keys) = await BeginAsync(number, 3);
        var now = cluster.Clock.GetUtcNow();
        var due = cluster.Text("due") with { StoredAt = now - TimeSpan.FromHours(1), ExpiresAt = now + TimeSpan.FromDays(9) };
        var dueLater = due with { StoredAt = now - TimeSpan.FromMinutes(25) };
        var brief = due with { StoredAt = now, ExpiresAt = now + TimeSpan.FromMinutes(29) };
        await shard.PutAsync([.. keys.Zip([due, dueLater, brief], static (key, value) => new ShardPut(key, value, PutKind.Import))]);
        _edge.TakesWork = isTaken;
        await LeaseAsync("busy", _edge);
        if (isRun)
        {
            await shard.RepublishAsync();
        }

        // The activation hands over within five minutes.
        await cluster.AdvanceUntilAsync(TimeSpan.FromSeconds(1), async () =>
        {
            await LeaseAsync("busy", _edge);
            return isTaken ? KeysOf(_edge).Contains(keys[0]) : cluster.Clock.GetUtcNow() - now > TimeSpan.FromSeconds(30);
        });
        Assert.DoesNotContain(keys[1], KeysOf(_edge));
        Assert.Equal(3, (await shard.GetUsageAsync()).Keys);

        // Without its timers, of which one is the reminder's own.
        cluster.Clock.MoveTo(cluster.Clock.Elapsed + TimeSpan.FromMinutes(30));
        await LeaseAsync("busy", _edge);
        await TickAsync(shard, KeyShardGrain.Expiry, 1);
        await cluster.UntilAsync(async () => (await shard.GetUsageAsync()).Keys == 2);
        _edge.TakesWork = true;
        await cluster.AdvanceUntilAsync(TimeSpan.FromSeconds(1), async () =>
        {
            await LeaseAsync("busy", _edge);
            return KeysOf(_edge).Contains(keys[1]);
        });
        Assert.InRange(cluster.Clock.GetUtcNow() - now, TimeSpan.FromMinutes(30), TimeSpan.FromMinutes(45));
    }

    [Fact]
    public async Task What_the_cluster_published_is_never_forgotten_and_is_due_until_an_edge_publishes_it_again()
    {
        var key = Samples.KeysOf(203, ClusterFixture.ShardBits).First();
        var shard = cluster.Shard(203);
        await cluster.Dht.SetAsync(key, cluster.Text("published").Value);
        for (var day = 0; day < 16; day++)
        {
            cluster.Clock.Advance(TimeSpan.FromDays(1));
            await TickUntilAsync(shard, async () => (await shard.GetAsync([key]))[0] is { } held
                && held.LifeLeft(cluster.Clock.GetUtcNow()) > TimeSpan.FromDays(1.7));
        }

        Assert.Equal([key], await shard.GetDueForRepublishAsync(cluster.Clock.GetUtcNow(), null, 10));
        Assert.True(await cluster.Dht.UnpublishAsync(key));
        Assert.False(await cluster.Dht.UnpublishAsync(key));
        cluster.Clock.Advance(TimeSpan.FromDays(8));
        await TickUntilAsync(shard, async () => (await shard.GetUsageAsync()).Keys == 0);
    }

    /// <summary>A shard and keys of it, when the directory has known of all edges for long.</summary>
    private async Task<(IKeyShardGrain Shard, List<NodeId> Keys)> BeginAsync(long number, int count)
    {
        await cluster.Directory.GetLiveAsync();
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration);
        return (cluster.Shard(number), [.. Samples.KeysOf(number, ClusterFixture.ShardBits).Take(count)]);
    }

    /// <summary>Leases end when the clock is moved; the same name gets the same ids again.</summary>
    private async Task<IReadOnlyList<NodeId>> LeaseAsync(string name, TestEdge edge) =>
        (await cluster.Directory.LeaseAsync(name, 2, cluster.Reference(edge))).NodeIds;

    private static HashSet<NodeId> KeysOf(params TestEdge[] edges) =>
        [.. edges.SelectMany(edge => edge.Work).OfType<RepublishWork>().SelectMany(work => work.Keys)];

    private int Writes(IKeyShardGrain shard) => cluster.Rows.Writes[shard.GetGrainId()];

    // A tick that comes while the one before is at work does nothing. That one waits for seconds if a silo did not answer it.
    private Task TickUntilAsync(IKeyShardGrain shard, Func<Task<bool>> isSo, Func<Task>? renew = null) => cluster.UntilAsync(async () =>
    {
        if (await isSo())
        {
            return true;
        }

        cluster.Clock.Advance(TimeSpan.FromMilliseconds(100));
        await (renew?.Invoke() ?? Task.CompletedTask);
        await TickAsync(shard, KeyShardGrain.Expiry, 1);
        return false;
    });

    private async Task TickAsync(IAddressable grain, string name, int times)
    {
        var remindable = cluster.Client.GetGrain<IRemindable>(grain.GetGrainId());
        var status = new TickStatus(default, TimeSpan.FromMinutes(5), default);
        await Task.WhenAll(Enumerable.Range(0, times).Select(_ => remindable.ReceiveReminder(name, status)));
    }

    private static async Task<string> StateOfAsync(IRoutingTableGrain table)
    {
        var snapshot = await table.GetSnapshotAsync();
        return $"{snapshot.Version}: {string.Join(',', snapshot.Contacts)}; {string.Join(',', await table.DescribeAsync())}";
    }
}
