using KadOrleans.Shards;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>What grains ask of storage is what <c>kad-lab cost</c> computes.</summary>
public sealed class StorageCostTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>, IDisposable
{
    private const int Bits = ClusterFixture.ShardBits;
    private const int ValueBytes = 64;

    private int _lastKey;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public void Dispose() => cluster.Rows.Heal();

    [Fact]
    public void The_calculator_has_the_constants_of_the_grains()
    {
        Assert.Equal(EntryCodec.PutOverhead, ShardCosts.EntryOverhead);
        Assert.Equal(EntryCodec.RemovalLength, ShardCosts.RemovalBytes);
        Assert.Equal(CompactionPlan.MaxPageBytes, ShardCosts.PageBytes);
        Assert.Equal(1 << GrainKeys.DefaultShardBits, new ClusterLoad().Shards);
        Assert.Equal(new KadClusterOptions().SaveInterval, new ClusterLoad().SaveInterval);
    }

    [Fact]
    public async Task A_hundred_puts_at_once_cost_two_records_at_most_and_a_put_alone_costs_one()
    {
        var shard = cluster.Shard(2);
        await shard.GetUsageAsync();

        Assert.Equal(1, (await cluster.Counts.DuringAsync(() => PutAsync(shard, 2, 1))).Total.Writes);
        var used = await cluster.Counts.DuringAsync(() => PutAsync(shard, 2, 100));
        Assert.Equal(new StorageUsage { Writes = 1, BytesWritten = used.Total.BytesWritten }, used.Total);
        var entries = 100 * ShardCosts.EntryBytes(ValueBytes);
        Assert.InRange(used.Total.BytesWritten, entries, entries + 100);
    }

    [Theory]
    [InlineData(3, 1)]
    [InlineData(4, 60)]
    public async Task Compactions_cost_the_operations_of_the_formula(byte number, int putsPerRecord)
    {
        const int Records = 500;
        var shard = cluster.Shard(number);
        await shard.GetUsageAsync();

        var used = await cluster.Counts.DuringAsync(async () =>
        {
            for (var i = 0; i < Records; i++)
            {
                await PutAsync(shard, number, putsPerRecord);
            }

            // The activation ends when its compaction has ended.
            await cluster.Cluster.DeactivateAsync(shard);
        });

        var recordBytes = putsPerRecord * ShardCosts.EntryBytes(ValueBytes);
        var records = ShardCosts.RecordsPerCompaction(0, TimeSpan.Zero, recordBytes);
        var compactions = used[StateKind.Manifest].Writes / 2d;
        Assert.InRange(compactions, 0.9 * Math.Floor(Records / records), Math.Ceiling(Records / records));
        var expected = ShardCosts.Compaction(records, recordBytes, ValueBytes) * compactions;
        Assert.InRange(used.Total.Writes - Records, 0.75 * expected.Writes, 1.1 * expected.Writes);
        Assert.InRange(used.Total.Reads, 0, 1.1 * expected.Reads);
    }

    [Theory]
    [InlineData(5, 0, 0)]
    [InlineData(6, 1, 0)]
    [InlineData(7, 10, 0)]
    [InlineData(8, 95, 0)]
    [InlineData(9, 97, 1)]
    public async Task An_activation_costs_the_reads_of_the_formula(byte number, int records, int pages)
    {
        var shard = cluster.Shard(number);
        for (var i = 0; i < records; i++)
        {
            await PutAsync(shard, number, 1);
        }

        await shard.GetUsageAsync();
        await cluster.Cluster.DeactivateAsync(shard);
        var used = await cluster.Counts.DuringAsync(async () => Assert.Equal(records, (await shard.GetUsageAsync()).Keys));

        var expected = ShardCosts.ActivationReads(pages, pages == 0 ? records : records - ShardCosts.CompactRecords);
        Assert.Equal((expected, 0L), (used.Total.Reads, used.Total.Writes));
    }

    [Fact]
    public async Task Gets_of_cached_values_cost_nothing_and_a_put_of_a_held_value_costs_one_read()
    {
        var shard = cluster.Shard(10);
        var key = Samples.KeysOf(10, Bits).First();
        var put = new ShardPut(key, cluster.Text("value"));
        await shard.PutAsync([put]);

        Assert.Equal(default, (await cluster.Counts.DuringAsync(async () => await shard.GetAsync([key]))).Total);
        var again = await cluster.Counts.DuringAsync(async () => await shard.PutAsync([put]));
        Assert.Equal((1L, 0L), (again.Total.Reads, again.Total.Writes));
    }

    [Fact]
    public async Task Removing_what_is_expired_costs_a_record_for_each_1024_keys()
    {
        var shard = cluster.Shard(11);
        var now = cluster.Clock.GetUtcNow();
        for (var i = 0; i < 3; i++)
        {
            await shard.PutAsync([.. Puts(11, 1000).Select(put => put with { Value = put.Value with { ExpiresAt = now } })]);
        }

        var used = await cluster.Counts.DuringAsync(async () => Assert.Equal(3000, await shard.RemoveExpiredAsync(now)));
        Assert.Equal(Math.Ceiling(3000 / ShardCosts.MaxExpiredPerRecord), used[StateKind.LogRecord].Writes);
    }

    [Fact]
    public async Task A_thousand_edges_that_come_during_a_write_share_the_next_and_each_id_costs_two()
    {
        const int Edges = 1000;
        var reference = cluster.Reference(new TestEdge());
        await cluster.Directory.GetLiveAsync();
        var (begun, end) = (new TaskCompletionSource(), new TaskCompletionSource());
        cluster.Rows.BeforeWrite = (state, _) =>
        {
            begun.TrySetResult();
            return state == StateNames.EdgeDirectory ? end.Task : Task.CompletedTask;
        };
        var before = Arrived();
        var leases = await cluster.Counts.DuringAsync(async () =>
        {
            var first = LeaseAsync(0);
            await begun.Task;
            var others = Enumerable.Range(1, Edges - 1).Select(LeaseAsync).ToList();
            await cluster.UntilAsync(() => Task.FromResult(Arrived() - before == Edges));
            end.SetResult();
            await Task.WhenAll([first, .. others]);
        });

        // The end of a call that came before may take one more.
        Assert.InRange(leases[StateKind.Directory].Writes, 2, 4);

        var table = cluster.Table(Samples.Key(31));
        var start = await cluster.Counts.DuringAsync(async () => await table.SubscribeAsync(1, reference));
        Assert.Equal((1L, 2L), (start[StateKind.Table].Reads, start[StateKind.Table].Writes));

        int Arrived() => cluster.Arrived.At(cluster.Directory, nameof(IEdgeDirectoryGrain.LeaseAsync));

        Task LeaseAsync(int i) => cluster.Directory.LeaseAsync($"edge {i}", 10, reference).AsTask();
    }

    private IEnumerable<ShardPut> Puts(byte shard, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var bytes = Samples.Key(++_lastKey).ToByteArray();
            bytes[0] = shard;
            yield return new ShardPut(new NodeId(bytes), cluster.Sized(ValueBytes));
        }
    }

    private async Task PutAsync(IKeyShardGrain shard, byte number, int count) =>
        Assert.All(await shard.PutAsync([.. Puts(number, count)]), result => Assert.Equal(StoreResult.Stored, result));
}
