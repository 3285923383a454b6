using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Cluster.Tests.Grains;

[Collection(SharedCluster.Name)]
public sealed class DhtGrainTests(ClusterFixture cluster) : IAsyncLifetime
{
    private readonly TestEdge _one = new();
    private readonly TestEdge _other = new();

    public async ValueTask InitializeAsync()
    {
        // Leases of earlier tests end, and what the facade knew of them is outdated.
        cluster.Clock.Advance(IEdgeDirectoryGrain.LeaseDuration);
        Assert.Empty(await cluster.Directory.GetLiveAsync());
    }

    public ValueTask DisposeAsync()
    {
        cluster.Rows.Heal();
        return ValueTask.CompletedTask;
    }

    [Fact]
    public async Task The_network_is_not_asked_to_hold_for_a_time_what_the_cluster_refuses()
    {
        await LeaseAsync("one", _one);
        var (key, hour) = (Key(171), TimeSpan.FromHours(1));
        var set = await cluster.Dht.SetForAsync(key, DhtValue.FromInteger(1), 2 * hour, TestContext.Current.CancellationToken);
        Assert.Equal((StoreResult.Stored, 3), (set.Local, set.Stored));

        var calls = _one.Calls;
        var shorter = await cluster.Dht.SetForAsync(key, DhtValue.FromInteger(2), hour, TestContext.Current.CancellationToken);

        Assert.Equal((StoreResult.Outdated, 0, calls), (shorter.Local, shorter.Stored, _one.Calls));
    }

    [Fact]
    public async Task An_owners_newest_item_is_found_though_nodes_agree_on_another_value()
    {
        await LeaseAsync("one", _one);
        using var pair = Ed25519KeyPair.Generate();
        var items = new List<DhtValue>();
        for (var seq = 1; seq <= 3; seq++)
        {
            items.Add(SignedItemExtensions.ValueOf(
                await pair.ToSigner().SignAsync(default, seq, Item.EncodeBytes("own"u8), TestContext.Current.CancellationToken)));
        }

        var key = Item.KeyOf(pair.PublicKey.Span, []);
        byte[] forged = [.. items[2].AsBytes().Span];
        forged[^2] ^= 1;
        DhtValue?[] held = ["lie", "lie", "lie", items[0], items[1], DhtValue.FromBytes(forged), null];
        _one.Get = _ => Task.FromResult(new GetResult("lie", Samples.Lookup));
        _one.Holders = [.. held.Select((value, i) => new KeyHolder(new Contact(NodeId.FromKey($"{i}"), UdpEndpoint.Parse($"203.0.113.{i + 1}:8468")), value is not null, value))];

        var found = await cluster.Dht.GetFromAllAsync(key, TestContext.Current.CancellationToken);

        Assert.Equal(items[1], found.Value);
        Assert.Equal((7, 6, 1, 1, 5), (found.Lookup!.Asked, found.Lookup.Answered, found.Lookup.Failed, found.Lookup.Agreed, found.Lookup.Differed));
        Assert.Equal(items[1], (await cluster.Dht.GetAsync(key, TestContext.Current.CancellationToken)).Value);
        _one.Holders = [];
        Assert.Equal(items[1], (await cluster.Dht.GetFromAllAsync(key, TestContext.Current.CancellationToken)).Value);

        // Also if the cluster holds one, and nodes that agree on the lie are asked first.
        _one.Holders = [new KeyHolder(new Contact(NodeId.FromKey("newest"), UdpEndpoint.Parse("203.0.113.9:8468")), true, items[2])];
        Assert.Equal(items[2], (await cluster.Dht.GetFromAllAsync(key, TestContext.Current.CancellationToken)).Value);
        Assert.Equal(items[2], (await cluster.Dht.GetAsync(key, TestContext.Current.CancellationToken)).Value);
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_is_deleted_while_the_network_is_asked_for_a_newer_item_does_not_come_back(bool asksAll)
    {
        await LeaseAsync("one", _one);
        using var pair = Ed25519KeyPair.Generate();
        var first = SignedItemExtensions.ValueOf(
            await pair.ToSigner().SignAsync(default, 1, Item.EncodeBytes("own"u8), TestContext.Current.CancellationToken));
        var second = SignedItemExtensions.ValueOf(
            await pair.ToSigner().SignAsync(default, 2, Item.EncodeBytes("own"u8), TestContext.Current.CancellationToken));
        var key = Item.KeyOf(pair.PublicKey.Span, []);
        var shard = cluster.Shard(cluster.Service<ClusterShards>().Layout.ShardOf(key));
        Assert.Equal(StoreResult.Stored, (await cluster.Dht.SetAsync(key, first, TestContext.Current.CancellationToken)).Local);
        _one.Get = async _ =>
        {
            await DeleteAsync();
            return new GetResult(second, Samples.Lookup);
        };
        _one.Holders = [new KeyHolder(new Contact(NodeId.FromKey("newer"), UdpEndpoint.Parse("203.0.113.9:8468")), true, second)];
        _one.BeforeHolders = DeleteAsync;

        var found = asksAll
            ? await cluster.Dht.GetFromAllAsync(key, TestContext.Current.CancellationToken)
            : await cluster.Dht.GetAsync(key, TestContext.Current.CancellationToken);

        Assert.Equal(second, found.Value);
        Assert.Equal([null], await shard.GetAsync([key]));

        async Task DeleteAsync()
        {
            await shard.UnpublishAsync([key]);
            Assert.Equal([true], await shard.RemoveAsync([key]));
        }
    }

    [Fact]
    public async Task Another_edge_is_tried_if_one_fails()
    {
        await LeaseAsync("one", _one);
        await LeaseAsync("other", _other);
        _one.Get = _ => throw new InvalidOperationException("broken");
        for (var i = 0; i < 10; i++)
        {
            Assert.False((await cluster.Dht.GetAsync(Key(80 + i))).Found);
        }

        Assert.Equal(10, _other.Calls);
        Assert.InRange(_one.Calls, 0, 9);
    }

    [Fact]
    public async Task An_edge_that_does_not_answer_is_given_up_on()
    {
        await LeaseAsync("one", _one);
        var never = new TaskCompletionSource<GetResult>();
        _one.Get = _ => never.Task;
        var get = cluster.Dht.GetAsync(Key(72)).AsTask();

        // The clock stands until the edge is asked. Else it may outrun the directory, and edges of earlier tests are asked.
        await cluster.UntilAsync(() => _one.Calls > 0);
        await cluster.AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => Task.FromResult(get.IsCompleted));
        var failure = await Assert.ThrowsAsync<NoLiveEdgeException>(() => get);
        Assert.Contains("No edge responded", failure.Message, StringComparison.Ordinal);
        never.SetResult(new GetResult(null, null));
    }

    [Fact]
    public async Task A_broken_shard_never_returns_not_found()
    {
        await LeaseAsync("one", _one);
        cluster.Rows.BeforeRead = (_, _) => throw new TimeoutException("storage is away");
        var key = Samples.KeysOf(200, ClusterFixture.ShardBits).First();
        await cluster.Cluster.DeactivateAsync(cluster.Shard(200));
        var failed = await PatientlyAsync(Assert.ThrowsAsync<ShardUnavailableException>(async () => await cluster.Dht.GetAsync(key)));
        Assert.Contains("shard 200", failed.Message, StringComparison.Ordinal);
        var isAsked = false;
        _one.Get = _ =>
        {
            isAsked = true;
            return Task.FromResult(new GetResult(DhtValue.FromInteger(1), Samples.Lookup));
        };

        // The clock may have moved beyond its lease.
        await LeaseAsync("one", _one);
        Assert.True((await PatientlyAsync(cluster.Dht.GetAsync(key).AsTask(), () => isAsked)).Found);
        await Assert.ThrowsAsync<ShardUnavailableException>(
            () => PatientlyAsync(cluster.Dht.SetAsync(key, DhtValue.FromInteger(1)).AsTask()));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_set_ends_within_30_seconds_although_its_shard_is_late_and_no_edge_responds(bool hasLife)
    {
        foreach (var name in new[] { "one", "two", "three" })
        {
            await LeaseAsync(name, _one);
        }

        var never = new TaskCompletionSource<SetResult>();
        var asked = 0;
        _one.Set = (_, _) =>
        {
            Interlocked.Increment(ref asked);
            return never.Task;
        };
        var begun = cluster.Clock.Elapsed;
        var isAway = () => cluster.Clock.Elapsed - begun < TimeSpan.FromSeconds(15);
        var (puts, answered) = (0, 0);
        cluster.Gate.Set<IKeyShardGrain>(nameof(IKeyShardGrain.WriteAsync), () =>
        {
            Interlocked.Increment(ref puts);
            _ = isAway() ? throw new SiloUnavailableException("gone") : Interlocked.Increment(ref answered);
            return Task.CompletedTask;
        });
        try
        {
            var set = hasLife
                ? cluster.Dht.SetForAsync(Key(173), DhtValue.FromInteger(1), TimeSpan.FromHours(1)).AsTask()
                : cluster.Dht.SetAsync(Key(172), DhtValue.FromInteger(1)).AsTask();

            // The clock stands until the shard is called: the limit of the call begins when the facade gets it, not when it is sent.
            await cluster.UntilAsync(() => Volatile.Read(ref puts) > 0);
            await cluster.AdvanceUntilAsync(TimeSpan.FromSeconds(0.2), () => Task.FromResult(Volatile.Read(ref answered) > 0));

            // Nor while the shard stores, and the directory is asked for edges: what is left of the call is for two of them.
            await cluster.UntilAsync(() => Volatile.Read(ref asked) > 0);
            var result = await PatientlyAsync(set);

            Assert.Equal((StoreResult.Stored, 0), (result.Local, result.Stored));
            Assert.InRange(cluster.Clock.Elapsed - begun, TimeSpan.FromSeconds(15), TimeSpan.FromSeconds(30));
            Assert.Equal(2, asked);
        }
        finally
        {
            cluster.Gate.Open();
            never.SetResult(new SetResult());
        }
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_set_that_the_shard_did_not_store_fails_and_reaches_nobody(bool isDurable)
    {
        await LeaseAsync("one", _one);
        var key = Samples.KeysOf(201, ClusterFixture.ShardBits).First();
        await cluster.Dht.SetAsync(key, DhtValue.FromString("old"));
        var calls = _one.Calls;
        cluster.Rows.BeforeWrite = (_, _) => throw new IOException("the disk is full");

        var set = isDurable
            ? cluster.Dht.PublishAsync(key, DhtValue.FromString("new")).AsTask()
            : cluster.Dht.SetAsync(key, DhtValue.FromString("new")).AsTask();
        var failure = await Assert.ThrowsAsync<ShardUnavailableException>(() => set);

        Assert.Contains("shard 201 did not store the value: its storage failed.", failure.Message, StringComparison.Ordinal);
        Assert.Equal(calls, _one.Calls);
        cluster.Rows.Heal();
        Assert.Equal(DhtValue.FromString("old"), (await cluster.Dht.GetAsync(key)).Value);
        Assert.Equal(calls, _one.Calls);
    }

    [Fact]
    public async Task What_the_network_does_not_have_yet_is_due_at_the_next_check_and_not_after_it_was_sent()
    {
        var key = Samples.KeysOf(202, ClusterFixture.ShardBits).First();
        var shard = cluster.Shard(202);
        var set = await cluster.Dht.SetAsync(key, DhtValue.FromString("waits"));
        Assert.Equal((StoreResult.Stored, 0), (set.Local, set.Stored));
        Assert.Equal([key], await DueAsync(shard, key));

        // Durably: another activation knows it, too.
        await cluster.Cluster.DeactivateAsync(shard);
        Assert.Equal([key], await DueAsync(shard, key));

        await LeaseAsync("one", _one);
        Assert.Equal(3, (await cluster.Dht.SetAsync(key, DhtValue.FromString("waits"))).Stored);
        await cluster.UntilAsync(async () => (await DueAsync(shard, key)).Count == 0);
        var held = Assert.Single(await shard.GetAsync([key]))!;
        Assert.NotNull(held.PublishedAt);
        Assert.False(held.IsPending);
    }

    [Fact]
    public async Task What_was_set_again_or_unpublished_meanwhile_is_not_taken_for_sent()
    {
        await LeaseAsync("one", _one);
        var (key, sent) = (Samples.KeysOf(203, ClusterFixture.ShardBits).First(), new TaskCompletionSource<SetResult>());
        _one.Set = (_, _) => sent.Task;
        var shard = cluster.Shard(203);
        var set = cluster.Dht.SetAsync(key, DhtValue.FromString("first")).AsTask();
        await cluster.UntilAsync(() => _one.Calls > 0);
        var first = new PublishedKey(key, Assert.Single(await shard.GetAsync([key]))!.PublishedAt!.Value);

        Assert.True(await cluster.Dht.UnpublishAsync(key));
        Assert.False(Assert.Single(await shard.ConfirmPublishedAsync([first])));
        sent.SetResult(new SetResult { Stored = 1 });
        Assert.Equal(1, (await set).Stored);
        Assert.Null(Assert.Single(await shard.GetAsync([key]))!.PublishedAt);

        cluster.Clock.Advance(TimeSpan.FromSeconds(1));
        _one.Set = (_, _) => throw new IOException("no network");
        await cluster.Dht.SetAsync(key, DhtValue.FromString("first"));
        Assert.False(Assert.Single(await shard.ConfirmPublishedAsync([first])));
        Assert.Equal([key], await DueAsync(shard, key));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task What_replaced_a_set_while_that_was_sent_is_sent_after_it(bool hasLife)
    {
        await LeaseAsync("one", _one);
        var (key, first, second) = (Key(hasLife ? 181 : 180), DhtValue.FromString("first"), DhtValue.FromString("second"));
        var (sent, release) = (new ConcurrentQueue<DhtValue>(), new TaskCompletionSource<SetResult>());
        _one.Set = (_, value) =>
        {
            sent.Enqueue(value);
            return value == first ? release.Task : Task.FromResult(new SetResult { Stored = 3 });
        };
        var set = hasLife
            ? cluster.Dht.SetForAsync(key, first, TimeSpan.FromHours(1)).AsTask()
            : cluster.Dht.SetAsync(key, first).AsTask();
        await cluster.UntilAsync(() => !sent.IsEmpty);

        // Two sets of one moment have one mark.
        cluster.Clock.Advance(TimeSpan.FromMilliseconds(1));
        await cluster.Dht.SetAsync(key, second);

        release.SetResult(new SetResult { Stored = 1 });

        Assert.Equal(1, (await set).Stored);
        await cluster.UntilAsync(() => sent.Count == 3);
        Assert.Equal([first, second, second], sent);
        Assert.Equal(second, (await cluster.Dht.GetAsync(key)).Value);
    }

    [Fact]
    public async Task A_set_that_a_renewal_overtook_is_made_again_with_a_new_time()
    {
        var (key, old) = (Samples.KeysOf(204, ClusterFixture.ShardBits).First(), DhtValue.FromString("old"));
        var shard = cluster.Shard(204);
        cluster.Gate.Set<IKeyShardGrain>(nameof(IKeyShardGrain.WriteAsync), async () =>
        {
            cluster.Gate.Open();
            cluster.Clock.Advance(TimeSpan.FromMilliseconds(10));
            var now = cluster.TimeOfDay.GetUtcNow();
            Assert.Equal([StoreResult.Stored], await shard.PutAsync([new ShardPut(key, new StoredValue(old, now, now.AddDays(7), default))]));
        });
        try
        {
            Assert.Equal(StoreResult.Stored, (await cluster.Dht.SetAsync(key, DhtValue.FromString("new"))).Local);
        }
        finally
        {
            cluster.Gate.Open();
        }

        Assert.Equal(DhtValue.FromString("new"), Assert.Single(await shard.GetAsync([key]))!.Value);
    }

    [Fact]
    public async Task What_cannot_be_stored_is_refused_before_any_grain_is_called()
    {
        var tooLarge = DhtValue.FromBytes(new byte[StoreRules.MaxContentLength + 1]);
        Assert.Contains("8137", (await Assert.ThrowsAsync<ArgumentException>(
            async () => await cluster.Dht.SetAsync(Key(1), tooLarge))).Message, StringComparison.Ordinal);
        await Assert.ThrowsAsync<ArgumentException>(async () => await cluster.Dht.SetAsync(Key(1), default));
        await Assert.ThrowsAsync<ArgumentException>(async () => await cluster.Dht.PingAsync(UdpEndpoint.Parse("224.0.0.1:1")));
    }

    // Moves the clock on while a call is retried. It does not move while an edge prepares its response, which the clock would overtake.
    private async Task<T> PatientlyAsync<T>(Task<T> call, Func<bool>? isAnswering = null)
    {
        await cluster.AdvanceUntilAsync(
            TimeSpan.FromSeconds(0.2), () => Task.FromResult(call.IsCompleted || isAnswering?.Invoke() == true));
        return await call;
    }

    /// <summary>The key, if it is due. Other classes store into this shard too.</summary>
    private async Task<IReadOnlyList<NodeId>> DueAsync(IKeyShardGrain shard, NodeId key) =>
        [.. (await shard.GetDueForRepublishAsync(cluster.TimeOfDay.GetUtcNow(), NodeId.Parse($"{key.ToString()[..^2]}00"), 10)).Where(due => due == key)];

    private static NodeId Key(int number) => NodeId.FromKey($"dht {number}");

    private async Task LeaseAsync(string name, TestEdge edge) => await cluster.Directory.LeaseAsync(name, 1, cluster.Reference(edge));
}
