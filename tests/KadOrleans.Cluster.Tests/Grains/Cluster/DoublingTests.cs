namespace KadOrleans.Cluster.Tests.Grains;

[Collection(Alone.Name)]
public sealed class DoublingTests : IAsyncLifetime
{
    private const int Bits = 4;

    private readonly ClusterFixture _cluster = new() { Configure = options => options.ShardBits = Bits };

    private IClusterGrain Grain => _cluster.Client.GetGrain<IClusterGrain>(GrainKeys.Singleton);

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Twice_doubled_a_cluster_has_every_acknowledged_key_and_all_find_it()
    {
        var acknowledged = new ConcurrentDictionary<NodeId, StoredValue>();
        await using var load = new Load(Enumerable.Range(0, 4), (worker, stop) => StoreAsync(worker, acknowledged, stop));
        await _cluster.UntilAsync(() => acknowledged.Count > 1000);
        for (var bits = Bits; bits < Bits + 2; bits++)
        {
            // Both calls are sent before the first is answered: the few shards of a test may all be split soon after.
            var (first, second) = (Grain.DoubleShardsAsync().AsTask(), Grain.DoubleShardsAsync().AsTask());
            var refusal = await Assert.ThrowsAnyAsync<InvalidOperationException>(() => Task.WhenAll(first, second));
            Assert.True(first.IsFaulted ^ second.IsFaulted);
            var begun = await (first.IsFaulted ? second : first);
            Assert.Equal(bits, begun.Bits);
            Assert.InRange(begun.Split!.Value, 0, (1 << bits) - 1);
            Assert.Contains($"The {1 << bits} shards are being doubled already: ", refusal.Message, StringComparison.Ordinal);
            if (bits > Bits)
            {
                // A silo calls it each 15 s, and so it goes on.
                await _cluster.Cluster.DeactivateAsync(Grain);
            }

            await _cluster.AdvanceUntilAsync(TimeSpan.FromSeconds(15), async () => await ClusterFixture.PatientlyAsync(Grain.GetShardsAsync) == new ShardStatus(bits + 1, null));

            // Whoever lost the response asks again.
            Assert.Equal(new ShardStatus(bits + 1, null), await ClusterFixture.PatientlyAsync(() => Grain.DoubleShardsFromAsync(1 << bits)));
        }

        // Silos learn it later than the cluster; until then they call the shards before.
        await AssertHeldAsync(acknowledged);
        await _cluster.AdvanceUntilAsync(TimeSpan.FromSeconds(15), () => Task.FromResult(_cluster.Services<ClusterShards>().All(shards => shards.Layout == new ShardLayout(Bits, Bits + 2))));
        var before = acknowledged.Count;
        await _cluster.UntilAsync(() => acknowledged.Count > before + 500);
        await load.StopAsync();
        await AssertHeldAsync(acknowledged);
        await AssertManagedAsync(acknowledged);
    }

    private async Task AssertHeldAsync(ConcurrentDictionary<NodeId, StoredValue> acknowledged)
    {
        var desk = _cluster.Client.GetGrain<IShardBatchGrain>(0);
        foreach (var some in acknowledged.ToArray().Chunk(1000))
        {
            IReadOnlyList<StoredValue?> values = [];
            await _cluster.UntilAsync(async () =>
            {
                var batch = await ClusterFixture.PatientlyAsync(() => desk.GetAsync([.. some.Select(pair => pair.Key)]));
                values = batch.Results;
                return batch.Unanswered.Count == 0;
            });
            AssertSame(some.Select(pair => pair.Value), values);
        }

        // Who knows of no doubling.
        foreach (var (key, value) in acknowledged.Take(200))
        {
            AssertSame([value], await ClusterFixture.PatientlyAsync(() => _cluster.Shard(GrainKeys.Shard(key, Bits)).GetAsync([key])));
        }
    }

    // Without their times: a shard moves the time of a put that was on its way while the clock stepped.
    private static void AssertSame(IEnumerable<StoredValue> stored, IEnumerable<StoredValue?> held) =>
        Assert.Equal(stored.Select(value => (DhtValue?)value.Value), held.Select(value => value?.Value));

    private async Task AssertManagedAsync(ConcurrentDictionary<NodeId, StoredValue> acknowledged)
    {
        var admin = _cluster.Service<IDhtAdmin>();
        var scanned = await admin.ReadValuesAsync().Select(held => held.Key).ToListAsync();
        Assert.Equal(scanned.Order(), scanned);
        Assert.Empty(acknowledged.Keys.Except(scanned));
        var usage = await admin.GetUsageAsync();
        Assert.Equal(1 << (Bits + 2), usage.Shards.Count);
        Assert.Equal(scanned.Count, usage.Keys);
    }

    private async Task StoreAsync(int worker, ConcurrentDictionary<NodeId, StoredValue> acknowledged, CancellationToken stop)
    {
        var desk = _cluster.Client.GetGrain<IShardBatchGrain>(worker);
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            ShardPut[] puts = [.. Enumerable.Range(0, 20).Select(part => new ShardPut(NodeId.FromKey($"{worker}/{i}/{part}"), _cluster.Text($"{worker}/{i}/{part}")))];
            var batch = await ClusterFixture.PatientlyAsync(() => desk.PutAsync(puts));
            var unanswered = batch.Unanswered.ToHashSet();
            foreach (var (part, put) in puts.Index().Where(one => !unanswered.Contains(one.Index) && batch.Results[one.Index] == StoreResult.Stored))
            {
                acknowledged[put.Key] = put.Value;
            }
        }
    }
}
