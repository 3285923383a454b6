using KadOrleans.Shards;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.Grains;

[Collection(ShardCluster.Name)]
public sealed class KeyShardGrainTests(ClusterFixture cluster) : IDisposable
{
    private const int Bits = ClusterFixture.ShardBits;

    public void Dispose() => cluster.Rows.Heal();

    [Fact]
    public async Task Values_are_put_read_scanned_and_removed_and_outlive_the_activation()
    {
        var shard = cluster.Shard(1);
        var keys = Samples.KeysOf(1, Bits).Take(30).Order().ToList();
        var results = await shard.PutAsync([.. keys.Select((key, i) => new ShardPut(key, cluster.Text($"{i}")))]);
        Assert.All(results, result => Assert.Equal(StoreResult.Stored, result));
        await cluster.Cluster.DeactivateAsync(shard);

        var read = await shard.GetAsync([keys[3], Samples.KeysOf(1, Bits).ElementAt(40), keys[0]]);
        Assert.Equal([cluster.Text("3"), null, cluster.Text("0")], read);
        Assert.Equal(keys[..20], (await shard.ScanAsync(KeyRegion.Everywhere, null, 20)).Select(put => put.Key));
        Assert.Equal(keys[20..], (await shard.ScanAsync(KeyRegion.Everywhere, keys[19], 20)).Select(put => put.Key));
        Assert.Equal([true, false], await shard.RemoveAsync([keys[5], Samples.KeysOf(1, Bits).ElementAt(40)]));
        Assert.DoesNotContain(keys[5], (await shard.ScanAsync(KeyRegion.Everywhere, null, 100)).Select(put => put.Key));
        var usage = await shard.GetUsageAsync();
        Assert.Equal(29, usage.Keys);
        await cluster.Cluster.DeactivateAsync(shard);
        Assert.Equal(usage, await shard.GetUsageAsync());
    }

    [Fact]
    public async Task What_is_not_of_the_shard_or_too_much_is_refused()
    {
        var shard = cluster.Shard(2);
        var foreign = Samples.KeysOf(3, Bits).First();
        var own = Samples.KeysOf(2, Bits).First();
        await Assert.ThrowsAsync<ArgumentException>(async () => await shard.GetAsync([foreign]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await shard.PutAsync([new ShardPut(foreign, cluster.Text("x"))]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await shard.PutAsync([new ShardPut(own, null!)]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await shard.RemoveAsync([foreign]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await shard.GetAsync(new NodeId[1025]));
        await Assert.ThrowsAsync<ArgumentException>(async () => await shard.ScanAsync(KeyRegion.Everywhere, null, 0));
        var results = await shard.PutAsync(
            [new ShardPut(own, cluster.Sized(StoreRules.MaxContentLength + 1)), new ShardPut(own, cluster.Text("x") with { Value = default })]);
        Assert.Equal([StoreResult.TooLarge, StoreResult.UnsupportedType], results);
        Assert.Equal(default, await shard.GetUsageAsync());
    }

    [Fact]
    public async Task Shards_that_one_silo_asks_for_are_spread_over_all()
    {
        var one = cluster.Cluster.GetSiloServiceProvider(cluster.Cluster.Silos[0].SiloAddress).GetRequiredService<IGrainFactory>();
        var shards = Enumerable.Range(100, 64).Select(number => one.GetGrain<IKeyShardGrain>(number)).ToList();
        await Task.WhenAll(shards.Select(shard => shard.GetUsageAsync().AsTask()));

        var silos = await Task.WhenAll(shards.Select(shard => cluster.FindSiloAsync(shard).AsTask()));
        Assert.All(silos.GroupBy(silo => silo).Select(group => group.Count()), count => Assert.InRange(count, 8, 56));
    }

    [Theory]
    [InlineData(-1)]
    [InlineData(1 << ClusterFixture.ShardBits)]
    public async Task There_is_no_shard_beyond_those_of_the_cluster(long number) =>
        await Assert.ThrowsAsync<ArgumentException>(async () => await cluster.Shard(number).GetUsageAsync());

    [Fact]
    public async Task A_thousand_puts_at_once_share_few_writes()
    {
        var shard = cluster.Shard(4);
        var keys = Samples.KeysOf(4, Bits).Take(1000).ToList();
        await shard.GetUsageAsync();
        var gate = new TaskCompletionSource();
        cluster.Rows.BeforeWrite = (_, grain) => grain == shard.GetGrainId() ? gate.Task : Task.CompletedTask;
        var puts = Task.WhenAll(keys.Select(key => shard.PutAsync([new ShardPut(key, cluster.Text("x"))]).AsTask()));

        await cluster.UntilAsync(() => Task.FromResult(cluster.Arrived.At(shard, nameof(IKeyShardGrain.PutAsync)) == keys.Count));
        gate.SetResult();

        Assert.All(await puts, result => Assert.Equal([StoreResult.Stored], result));
        Assert.InRange(cluster.Rows.Writes[shard.GetGrainId()], 1, 20);
    }

    [Fact]
    public async Task Reads_do_not_wait_for_a_write_and_see_it_only_when_it_is_durable()
    {
        var shard = cluster.Shard(5);
        var key = Samples.KeysOf(5, Bits).First();
        await shard.PutAsync([new ShardPut(key, cluster.Text("old"))]);
        var gate = new TaskCompletionSource();
        var reached = cluster.Rows.HoldAsync(shard.GetGrainId(), gate.Task);
        var put = shard.PutAsync([new ShardPut(key, cluster.Text("new"))]).AsTask();
        await reached;
        Assert.Equal([cluster.Text("old")], await shard.GetAsync([key]));
        Assert.False(put.IsCompleted);
        gate.SetResult();
        Assert.Equal([StoreResult.Stored], await put);
        Assert.Equal([cluster.Text("new")], await shard.GetAsync([key]));
    }

    [Fact]
    public async Task While_storage_is_away_puts_fail_reads_go_on_and_all_recovers()
    {
        var shard = cluster.Shard(6);
        var keys = Samples.KeysOf(6, Bits).Take(3).ToList();
        await shard.PutAsync([new ShardPut(keys[0], cluster.Text("a"))]);
        cluster.Rows.BeforeWrite = cluster.Rows.BeforeRead = (_, _) => throw new TimeoutException("storage is away");
        Assert.Equal([StoreResult.StorageFailed], await shard.PutAsync([new ShardPut(keys[1], cluster.Text("b"))]));
        await Assert.ThrowsAsync<IOException>(async () => await shard.RemoveAsync([keys[0]]));
        Assert.Equal([cluster.Text("a"), null], await shard.GetAsync([keys[0], keys[1]]));

        cluster.Rows.Heal();
        Assert.Equal([StoreResult.Stored], await shard.PutAsync([new ShardPut(keys[2], cluster.Text("c"))]));
        await cluster.Cluster.DeactivateAsync(shard);
        Assert.Equal([cluster.Text("a"), null, cluster.Text("c")], await shard.GetAsync(keys));
    }

    [Fact]
    public async Task A_write_that_hangs_fails_in_time_and_is_cleared_up()
    {
        var shard = cluster.Shard(7);
        var key = Samples.KeysOf(7, Bits).First();
        await shard.GetUsageAsync();
        var hangs = new TaskCompletionSource();
        var written = new TaskCompletionSource();
        cluster.Rows.AfterWrite = (_, grain) =>
        {
            if (grain == shard.GetGrainId())
            {
                written.TrySetResult();
            }

            return hangs.Task;
        };
        var put = shard.PutAsync([new ShardPut(key, cluster.Text("done all the same"))]).AsTask();

        // A put that waited for 9 s is refused, so the clock goes on when its write is under way.
        await written.Task;
        await cluster.AdvanceUntilAsync(TimeSpan.FromSeconds(1), () => Task.FromResult(put.IsCompleted));
        Assert.Equal([StoreResult.Stored], await put);
        hangs.SetResult();
    }

    [Fact]
    public async Task Expired_values_are_not_read_and_are_removed_on_demand()
    {
        var shard = cluster.Shard(9);
        var keys = Samples.KeysOf(9, Bits).Take(3000).ToList();
        var now = cluster.Clock.GetUtcNow();
        foreach (var chunk in keys.Chunk(1000))
        {
            await shard.PutAsync([.. chunk.Select(key => new ShardPut(key, cluster.Text("x") with { ExpiresAt = now }))]);
        }

        Assert.Equal([null], await shard.GetAsync([keys[0]]));
        Assert.Equal(3000, (await shard.GetUsageAsync()).Keys);
        Assert.Empty(await shard.GetDueForRepublishAsync(now.AddDays(1), null, 10));
        Assert.Equal(0, await shard.RemoveExpiredAsync(now.AddTicks(-1)));
        Assert.Equal(3000, await shard.RemoveExpiredAsync(now));
        Assert.Equal(default, await shard.GetUsageAsync());
    }

    [Fact]
    public async Task Keys_without_a_recent_store_and_old_publications_are_due_for_republish_page_by_page()
    {
        var shard = cluster.Shard(10);
        var keys = Samples.KeysOf(10, Bits).Take(4).Order().ToList();
        var now = cluster.Clock.GetUtcNow();
        var value = cluster.Text("value") with { StoredAt = now, ExpiresAt = now.AddDays(1) };
        await shard.PutAsync(
        [
            new ShardPut(keys[0], value with { StoredAt = now.AddHours(-2) }, PutKind.Import),
            new ShardPut(keys[1], value),
            new ShardPut(keys[2], value with { PublishedAt = now.AddHours(-25) }),
            new ShardPut(keys[3], value with { PublishedAt = now.AddHours(-1), StoredAt = now.AddHours(-1) }, PutKind.Import),
        ]);
        Assert.Equal([keys[0], keys[2], keys[3]], await shard.GetDueForRepublishAsync(now, null, 10));
        Assert.Equal([keys[2]], await shard.GetDueForRepublishAsync(now, keys[0], 1));
        Assert.Empty(await shard.GetDueForRepublishAsync(now, keys[3], 10));

        Assert.Equal([false, true], await shard.UnpublishAsync([keys[1], keys[2]]));
        Assert.Equal([keys[0], keys[3]], await shard.GetDueForRepublishAsync(now, null, 10));
        await cluster.Cluster.DeactivateAsync(shard);
        Assert.Equal([null, now.AddHours(-1)], (await shard.GetAsync([keys[2], keys[3]])).Select(held => held!.PublishedAt));
    }

    [Fact]
    public async Task What_is_held_already_is_acknowledged_without_a_record()
    {
        var shard = cluster.Shard(12);
        var key = Samples.KeysOf(12, Bits).First();
        var now = cluster.Clock.GetUtcNow();
        var value = cluster.Text("value") with { StoredAt = now, ExpiresAt = now.AddDays(7) };
        await shard.PutAsync([new ShardPut(key, value)]);
        var writes = cluster.Rows.Writes[shard.GetGrainId()];

        cluster.Clock.Advance(TimeSpan.FromSeconds(5));
        var again = value with { StoredAt = now.AddSeconds(5) };
        Assert.Equal([StoreResult.Stored], await shard.PutAsync([new ShardPut(key, again, PutKind.Copy)]));
        Assert.Equal(
            [StoreResult.Outdated],
            await shard.PutAsync([new ShardPut(key, cluster.Text("stale") with { ExpiresAt = now.AddDays(6) }, PutKind.Copy)]));
        Assert.Equal([again], await shard.GetAsync([key]));
        Assert.Equal(writes, cluster.Rows.Writes[shard.GetGrainId()]);

        await shard.PutAsync([new ShardPut(key, again with { ExpiresAt = now.AddDays(8) }, PutKind.Copy)]);
        Assert.Equal(writes + 1, cluster.Rows.Writes[shard.GetGrainId()]);
    }

    [Fact]
    public async Task The_hourly_reminder_removes_what_is_expired_and_goes_with_the_last_key()
    {
        var shard = cluster.Shard(11);
        var keys = Samples.KeysOf(11, Bits).Take(2).ToList();
        var end = cluster.Clock.GetUtcNow() + TimeSpan.FromDays(7);
        await shard.PutAsync(
        [
            new ShardPut(keys[0], cluster.Text("short") with { ExpiresAt = cluster.Clock.GetUtcNow() + TimeSpan.FromMinutes(1) }),
            new ShardPut(keys[1], cluster.Text("longer") with { ExpiresAt = end }),
        ]);
        await cluster.AdvanceUntilAsync(TimeSpan.FromMinutes(5), async () => (await shard.GetUsageAsync()).Keys == 1);
        Assert.True(cluster.Clock.GetUtcNow() < end);
        cluster.Clock.Advance(end - cluster.Clock.GetUtcNow());
        await cluster.AdvanceUntilAsync(TimeSpan.FromMinutes(10), async () => (await shard.GetUsageAsync()).Keys == 0);
    }

    [Fact]
    public async Task Each_shard_has_its_part_of_the_quota()
    {
        var whole = new StoreQuota();
        var part = ShardQuota.Of(whole, 12);
        Assert.InRange(part.TotalKeys, 2 * whole.TotalKeys / 4096, (2 * whole.TotalKeys / 4096) + 20);
        Assert.Equal(whole, ShardQuota.Of(whole, 0));
        Assert.Equal(whole, ShardQuota.Of(whole, 1));

        var quota = ShardQuota.Of(new StoreQuota { KeysPerSource = ClusterFixture.KeysPerSource }, Bits);
        var shard = cluster.Shard(12);
        var source = SourceNetwork.Of(UdpEndpoint.Parse("203.0.113.9:1"));
        var puts = Samples.KeysOf(12, Bits).Take(1000).Select(key => new ShardPut(key, cluster.Text("x") with { Source = source })).ToList();
        Assert.InRange(quota.KeysPerSource, 1, 999);
        var results = await shard.PutAsync(puts);
        Assert.Equal(quota.KeysPerSource, results.Count(result => result == StoreResult.Stored));
        Assert.Equal(1000 - quota.KeysPerSource, results.Count(result => result == StoreResult.SourceQuotaExceeded));
    }

    [Theory]
    [InlineData(13, "kad-shard-manifest")]
    [InlineData(201, "kad-shard-log-001")]
    [InlineData(202, "kad-shard-page-000000")]
    public async Task State_of_a_newer_release_keeps_the_shard_from_activating(int number, string name)
    {
        var shard = cluster.Shard(number);
        Force(RecordNames.Manifest, new ShardManifestState { SchemaVersion = Version(RecordNames.Manifest), Pages = [new ShardPageReference(0, 1)] });
        Force("kad-shard-page-000000", new ShardPageState { SchemaVersion = Version("kad-shard-page-000000"), Compaction = 1 });
        Force("kad-shard-log-001", new ShardLogState { SchemaVersion = Version("kad-shard-log-001"), Sequence = 1 });
        var refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await shard.GetUsageAsync());
        Assert.Contains($"{name} has schema version 9", refusal.ToString(), StringComparison.Ordinal);

        int Version(string state) => state == name ? 9 : StateSchema.Oldest;

        void Force<T>(string state, T content) => cluster.Rows.Force(state, shard.GetGrainId(), cluster.Serializer.SerializeToArray(content));
    }

    [Fact]
    public async Task A_shard_of_100000_keys_activates_with_all_of_them()
    {
        var shard = cluster.Shard(14);
        Assert.Equal(100_000, await FillAsync(14, 100_000));
        await cluster.Cluster.DeactivateAsync(shard);

        Assert.Equal(100_000, (await shard.GetUsageAsync()).Keys);
    }

    /// <summary>Keys of the shard by number, put by trusted code.</summary>
    private async Task<int> FillAsync(byte shard, int count)
    {
        var stored = 0;
        foreach (var numbers in Enumerable.Range(0, count).Chunk(1000))
        {
            var puts = numbers.Select(number => new ShardPut(KeyIn(shard, number), cluster.Sized(100))).ToList();
            stored += (await cluster.Shard(shard).PutAsync(puts)).Count(result => result == StoreResult.Stored);
        }

        return stored;
    }

    private static NodeId KeyIn(byte shard, int number)
    {
        var bytes = Samples.Key(number).ToByteArray();
        bytes[0] = shard;
        return new NodeId(bytes);
    }
}
