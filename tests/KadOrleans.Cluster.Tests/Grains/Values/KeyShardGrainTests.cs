using KadOrleans.Shards;

namespace KadOrleans.Cluster.Tests.Grains;

[Collection(ShardCluster.Name)]
public sealed class KeyShardGrainTests(ClusterFixture cluster) : IDisposable
{
    private const int Bits = ClusterFixture.ShardBits;

    public void Dispose() => cluster.Rows.Heal();

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
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await shard.GetAsync(new NodeId[1025]));
        await Assert.ThrowsAnyAsync<ArgumentException>(async () => await shard.ScanAsync(KeyRegion.Everywhere, null, 0));
        await Assert.ThrowsAsync<ArgumentException>(async () => await shard.PutAsync([new ShardPut(own, cluster.Text("x") with { Value = default })]));
        Assert.Equal([StoreResult.TooLarge], await shard.PutAsync([new ShardPut(own, cluster.Sized(StoreRules.MaxContentLength + 1))]));
        Assert.Equal(default, await shard.GetUsageAsync());
    }

    [Fact]
    public async Task Shards_that_one_silo_asks_for_are_spread_over_all()
    {
        var one = cluster.Service<IGrainFactory>();
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
    public async Task A_shard_that_another_activation_has_taken_over_ends_and_the_next_has_what_that_one_stored()
    {
        var shard = cluster.Shard(40);
        NodeId[] keys = [.. Samples.KeysOf(40, Bits).Take(3)];
        await shard.PutAsync([new ShardPut(keys[0], cluster.Text("a"))]);
        await OneAtATime.RunAsync(async () =>
        {
            var engine = new ShardEngine(
                "another",
                ShardRecordStorageTests.RecordsOf(cluster.Rows, shard.GetGrainId()),
                halves: null,
                StoreQuota.Unlimited,
                new ValueCache(1 << 20),
                new KademliaOptions(),
                new SeededRandomSource(1),
                cluster.Clock,
                NullLogger.Instance);
            await engine.ActivateAsync(moved: null, half: null);
            Assert.Equal([StoreResult.Stored], await engine.PutAsync([keys[1]], key => new Put(key, cluster.Text("b")), TimeSpan.Zero));
        });

        ShardPut[] put = [new ShardPut(keys[2], cluster.Text("c"))];
        Assert.Equal([StoreResult.StorageFailed], await shard.PutAsync(put));
        var result = StoreResult.StorageFailed;
        await Eventually.BecomesAsync(async () => (result = (await shard.PutAsync(put))[0]) == StoreResult.Stored, () => $"{result}");
        Assert.Equal([cluster.Text("a"), cluster.Text("b"), cluster.Text("c")], await shard.GetAsync(keys));
    }

    [Fact]
    public async Task Reads_do_not_wait_for_a_write_and_see_it_only_when_it_is_durable()
    {
        var shard = cluster.Shard(5);
        var key = Samples.KeysOf(5, Bits).First();
        await shard.PutAsync([new ShardPut(key, cluster.Text("old"))]);
        var (gate, reached) = cluster.Rows.Hold(shard);
        var put = shard.PutAsync([new ShardPut(key, cluster.Text("new"))]).AsTask();
        await reached;
        Assert.Equal([cluster.Text("old")], await shard.GetAsync([key]));
        Assert.False(put.IsCompleted);
        gate.SetResult();
        Assert.Equal([StoreResult.Stored], await put);
        Assert.Equal([cluster.Text("new")], await shard.GetAsync([key]));
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
    public async Task While_storage_hangs_the_puts_that_wait_are_bounded_in_bytes_for_a_shard_and_for_a_silo()
    {
        const int shardCalls = 40;
        List<int> numbers = [];
        SiloAddress? silo = null;
        for (var number = 128; numbers.Count < 10; number++)
        {
            await cluster.Shard(number).GetUsageAsync();
            var place = await cluster.FindSiloAsync(cluster.Shard(number));
            silo ??= place;
            if (place == silo)
            {
                numbers.Add(number);
            }
        }

        var calls = numbers.ToDictionary(
            number => number,
            number => Samples.KeysOf(number, Bits).Take(64).Select(key => new ShardPut(key, cluster.Sized(StoreRules.MaxContentLength))).ToList());
        var bytes = calls[numbers[0]].Sum(put => put.Footprint);
        var ofShard = KeyShardGrain.MaxWaitingBytes / bytes;
        var ofSilo = ValueCache.MaxWaitingBytes / bytes;
        Assert.InRange(ofShard, 1, shardCalls - 1);
        Assert.InRange(ofSilo, ofShard + 1, ((numbers.Count - 1) * ofShard) - 1);
        var hangs = new TaskCompletionSource();
        cluster.Rows.BeforeWrite = (_, _) => hangs.Task;

        var waiting = cluster.Service<ValueCache>(silo!).Waiting;
        var puts = Put(numbers[0]);
        await cluster.UntilAsync(() => waiting.Used == ofShard * bytes);
        await AssertBusyAsync(numbers[0]);
        puts = [.. puts, .. numbers.Skip(1).SkipLast(1).SelectMany(Put)];
        await cluster.UntilAsync(() => waiting.Used == ofSilo * bytes);
        await AssertBusyAsync(numbers[^1]);

        // Some callers may have given up, which frees nothing in the silo.
        hangs.SetResult();
        await Record.ExceptionAsync(() => Task.WhenAll(puts));
        await cluster.UntilAsync(() => waiting.Used == 0);
        Assert.DoesNotContain(StoreResult.Busy, await cluster.Shard(numbers[0]).PutAsync(calls[numbers[0]]));

        async Task AssertBusyAsync(int number) =>
            Assert.All(await cluster.Shard(number).PutAsync(calls[number]), result => Assert.Equal(StoreResult.Busy, result));

        IEnumerable<Task<IReadOnlyList<StoreResult>>> Put(int number) =>
            Enumerable.Range(0, shardCalls).Select(_ => cluster.Shard(number).PutAsync(calls[number]).AsTask()).ToList();
    }

    [Fact]
    public async Task While_a_shard_loads_the_puts_that_wait_for_it_are_bounded_in_bytes()
    {
        var shard = cluster.Shard(99);
        await cluster.Cluster.DeactivateAsync(shard);
        List<ShardPut> puts = [.. Samples.KeysOf(99, Bits).Take(64).Select(key => new ShardPut(key, cluster.Sized(StoreRules.MaxContentLength)))];
        var bytes = puts.Sum(put => put.Footprint);
        var most = KeyShardGrain.MaxWaitingBytes / bytes;
        var hangs = new TaskCompletionSource();
        var reloads = -1;
        cluster.Rows.BeforeRead = (state, grain) =>
        {
            reloads += grain == shard.GetGrainId() && state == RecordNames.Manifest ? 1 : 0;
            return grain == shard.GetGrainId() ? hangs.Task : Task.CompletedTask;
        };

        var read = shard.GetAsync([puts[0].Key]).AsTask();
        var waiting = Enumerable.Range(0, (int)most).Select(_ => shard.PutAsync(puts).AsTask()).ToList();
        await cluster.UntilAsync(() => Waiting() == most * bytes);
        Assert.All(await shard.PutAsync(puts), result => Assert.Equal(StoreResult.Busy, result));
        var writes = puts.Select(put => shard.WriteAsync(new ShardWrite(put.Key, put.Value, PutKind.Publication, null, 1, false)).AsTask()).ToList();
        Assert.Equal(StoreResult.Busy, (await await Task.WhenAny(writes)).Result);

        // They hold their bytes no longer than their callers wait. The load goes on.
        await cluster.UntilAsync(() => Waiting() == 0);
        await Assert.ThrowsAsync<TimeoutException>(() => read);
        await Record.ExceptionAsync(() => Task.WhenAll([.. waiting, .. writes]));
        Assert.Equal(0, reloads);
        var put = shard.PutAsync([puts[0]]).AsTask();
        await cluster.UntilAsync(() => Waiting() > 0);
        hangs.SetResult();
        Assert.Equal([StoreResult.Stored], await put);
        Assert.Equal([puts[0].Value], await shard.GetAsync([puts[0].Key]));

        long Waiting() => cluster.Services<ValueCache>().Sum(cache => cache.Waiting.Used);
    }

    [Theory]
    [InlineData(97, false)]
    [InlineData(98, true)]
    public async Task A_load_that_fails_fails_its_calls_and_a_later_one_has_the_shard_loaded(int number, bool isCancelled)
    {
        var shard = cluster.Shard(number);
        var put = new ShardPut(Samples.KeysOf(number, Bits).First(), cluster.Text("held"));
        await shard.PutAsync([put]);
        await cluster.Cluster.DeactivateAsync(shard);
        cluster.Rows.BeforeRead = (_, grain) => grain != shard.GetGrainId() ? Task.CompletedTask
            : isCancelled ? throw new TaskCanceledException("away")
            : throw new IOException("away");

        Assert.Contains("away", (await Assert.ThrowsAnyAsync<Exception>(() => shard.GetAsync([put.Key]).AsTask())).Message, StringComparison.Ordinal);
        Assert.Contains("away", (await Assert.ThrowsAnyAsync<Exception>(() => shard.PutAsync([put]).AsTask())).Message, StringComparison.Ordinal);
        cluster.Rows.Heal();
        Assert.Equal([put.Value], await shard.GetAsync([put.Key]));
    }

    [Fact]
    public async Task Each_shard_has_its_part_of_the_quota()
    {
        var whole = new StoreQuota();
        var part = ShardQuota.Of(whole, 12);
        Assert.InRange(part.TotalKeys, 2 * whole.TotalKeys / 4096, (2 * whole.TotalKeys / 4096) + 20);
        Assert.All(QuotaOption.All, option => Assert.Equal(option.Limit.IsWhole, option.Read(part) == option.Read(whole)));
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

    [Fact]
    public async Task An_owner_has_his_part_of_each_shard_from_however_many_sources()
    {
        const int Number = 77;
        var part = ShardQuota.Of(new StoreQuota(), Bits).KeysPerOwner;
        Assert.InRange(part, 2 * 100_000 / 256, (2 * 100_000 / 256) + 20);
        Assert.Equal(part, ShardQuota.Of(new StoreQuota { KeysPerSource = 100_000 }, Bits).KeysPerSource);
        Assert.Equal(
            ShardQuota.Of(new StoreQuota { BytesPerSource = 1L << 30 }, Bits).BytesPerSource,
            ShardQuota.Of(new StoreQuota { BytesPerOwner = 1L << 30 }, Bits).BytesPerOwner);

        var puts = Enumerable.Range(0, int.MaxValue).Select(salt => $"{salt}")
            .Where(salt => SignedItems.Key(salt).ToByteArray()[0] >> (8 - Bits) == Number)
            .Take(part + 20)
            .Select((salt, i) =>
            {
                var item = SignedItems.Sign(1, "i1e", salt);
                var source = SourceNetwork.Of(UdpEndpoint.Parse($"198.51.{i % 100}.1:1"));
                return new ShardPut(item.Key, cluster.Text("x") with { Value = item.ToValue(), Source = source });
            })
            .ToList();
        var shard = cluster.Shard(Number);
        List<StoreResult> results = [];
        foreach (var some in puts.Chunk(400))
        {
            results.AddRange(await shard.PutAsync(some));
        }

        Assert.Equal(part, results.Count(result => result == StoreResult.Stored));
        Assert.Equal(20, results.Count(result => result == StoreResult.OwnerQuotaExceeded));
        Assert.Equal([StoreResult.OwnerQuotaExceeded, StoreResult.Stored], await shard.PutAsync([puts[^1], puts[0]]));
    }

    [Fact]
    public async Task Times_of_another_build_do_not_keep_the_shard_from_activating()
    {
        var shard = cluster.Shard(203);
        cluster.Rows.Force(RecordNames.Times, shard, new ShardTimesState { SchemaVersion = StateSchema.Version + 1 });
        Assert.Equal(0, (await shard.GetUsageAsync()).Keys);
    }

    [Theory]
    [InlineData(13, "kad-shard-manifest", 1)]
    [InlineData(201, "kad-shard-log-001", 1)]
    [InlineData(202, "kad-shard-page-000000", -1)]
    public async Task State_of_another_build_keeps_the_shard_from_activating(int number, string name, int later)
    {
        var shard = cluster.Shard(number);
        Force(RecordNames.Manifest, new ShardManifestState { Pages = [new ShardPageReference(0, 1)] });
        Force("kad-shard-page-000000", new ShardPageState { Compaction = 1 });
        Force("kad-shard-log-001", new ShardLogState { Sequence = 1 });
        var refusal = await Assert.ThrowsAnyAsync<Exception>(async () => await shard.GetUsageAsync());
        Assert.Contains($"{name} has schema version {StateSchema.Version + later}, and this build reads and writes version {StateSchema.Version} alone", refusal.ToString(), StringComparison.Ordinal);

        void Force<T>(string state, T content)
            where T : IVersionedState
        {
            content.SchemaVersion += state == name ? later : 0;
            cluster.Rows.Force(state, shard, content);
        }
    }
}
