using KadOrleans.Shards;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>What grains ask of storage is what <c>kad-lab cost</c> computes.</summary>
public sealed class StorageCostTests(ClusterFixture cluster) : IClassFixture<ClusterFixture>
{
    private const int Bits = ClusterFixture.ShardBits;
    private const int ValueBytes = 64;

    private int _lastKey;

    [Fact]
    public void The_calculator_has_the_constants_of_the_grains()
    {
        Assert.Equal(EntryCodec.PutOverhead, ShardCosts.EntryOverhead);
        Assert.Equal(EntryCodec.RemovalLength, ShardCosts.RemovalBytes);
        Assert.Equal(CompactionPlan.MaxPageBytes, ShardCosts.PageBytes);
        Assert.Equal(1 << KadClusterOptions.UsualShardBits, new ClusterLoad().Shards);
        Assert.Equal(new KadClusterOptions().SaveInterval, new ClusterLoad().SaveInterval);
    }

    [Fact]
    public async Task A_hundred_puts_at_once_cost_two_records_at_most_and_a_put_alone_costs_one()
    {
        var shard = cluster.Shard(2);
        await shard.GetUsageAsync();

        Assert.Equal(1, (await cluster.Rows.DuringAsync(() => PutAsync(shard, 2, 1))).Total.Writes);
        var used = await cluster.Rows.DuringAsync(() => PutAsync(shard, 2, 100));
        Assert.Equal(new StorageUsage(Writes: 1, BytesWritten: used.Total.BytesWritten), used.Total);
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

        var used = await cluster.Rows.DuringAsync(async () =>
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
        var compactions = used[RecordNames.Manifest].Writes / 2d;
        Assert.InRange(compactions, 0.9 * Math.Floor(Records / records), Math.Ceiling(Records / records));
        var expected = ShardCosts.Compaction(records, recordBytes, ValueBytes) * compactions;
        Assert.InRange(used.Total.Writes - Records, 0.75 * expected.Writes, 1.1 * expected.Writes);
        Assert.InRange(used.Total.Reads, 0, 1.1 * expected.Reads);
    }

    [Theory]
    [InlineData(5, 0, 0)]
    [InlineData(6, 1, 0)]
    [InlineData(7, 10, 0)]
    [InlineData(8, 93, 0)]
    [InlineData(9, 97, 1)]
    public async Task An_activation_costs_the_reads_of_the_formula_and_one_write(byte number, int records, int pages)
    {
        var shard = cluster.Shard(number);
        for (var i = 0; i < records; i++)
        {
            await PutAsync(shard, number, 1);
        }

        await shard.GetUsageAsync();
        await cluster.Cluster.DeactivateAsync(shard);
        var used = await cluster.Rows.DuringAsync(async () => Assert.Equal(records, (await shard.GetUsageAsync()).Keys));

        // Each activation writes a record by which it owns the log, so the first one did.
        var written = records + 1;
        var expected = ShardCosts.ActivationReads(pages, pages == 0 ? written : written - ShardCosts.CompactRecords);
        Assert.Equal((expected, 1L), (used.Total.Reads, used.Total.Writes));
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

        var used = await cluster.Rows.DuringAsync(async () => Assert.Equal(3000, await shard.RemoveExpiredAsync(now)));
        Assert.Equal(Math.Ceiling(3000 / ShardCosts.MaxExpiredPerRecord), used["kad-shard-log-"].Writes);
    }

    private IEnumerable<ShardPut> Puts(byte shard, int count)
    {
        for (var i = 0; i < count; i++)
        {
            var bytes = Samples.Key(++_lastKey).ToByteArray();
            bytes[0] = shard;

            // Strangers, of a subnet each.
            var source = new SourceNetwork(0, 0xFFFF_0B00_0000 + ((ulong)_lastKey << 8));
            yield return new ShardPut(new NodeId(bytes), cluster.Sized(ValueBytes) with { Source = source });
        }
    }

    private async Task PutAsync(IKeyShardGrain shard, byte number, int count) =>
        Assert.All(await shard.PutAsync([.. Puts(number, count)]), result => Assert.Equal(StoreResult.Stored, result));
}
