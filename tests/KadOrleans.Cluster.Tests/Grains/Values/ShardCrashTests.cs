namespace KadOrleans.Cluster.Tests.Grains;

public sealed class ShardCrashTests(CrashCluster cluster) : IClassFixture<CrashCluster>
{
    private readonly ConcurrentDictionary<NodeId, StoredValue> _acknowledged = new();

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_silo_that_is_killed_or_stops_under_load_takes_no_acknowledged_value_with_it(bool isKilled)
    {
        var leaving = await cluster.Cluster.StartAdditionalSiloAsync();
        await using var load = new Load(Enumerable.Range(isKilled ? 0 : 100, 16), StoreAsync);
        await cluster.UntilAsync(() => _acknowledged.Count > 2000);
        await (isKilled ? cluster.Cluster.KillSiloAsync(leaving) : cluster.Cluster.StopSiloAsync(leaving));
        var before = _acknowledged.Count;
        await cluster.UntilAsync(() => _acknowledged.Count > before + 2000);
        await load.StopAsync();

        foreach (var some in _acknowledged.GroupBy(pair => ShardOf(pair.Key)).SelectMany(shard => shard.Chunk(1000)))
        {
            var values = await ReadAsync(ShardOf(some[0].Key), [.. some.Select(pair => pair.Key)]);
            Assert.Equal(some.Select(pair => pair.Value), values);
        }
    }

    private static long ShardOf(NodeId key) => GrainKeys.Shard(key, ClusterFixture.ShardBits);

    private async Task StoreAsync(int worker, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var (key, value) = (NodeId.FromKey($"load {worker}/{i}"), cluster.Text($"{worker}/{i}"));
            try
            {
                var results = await cluster.Shard(ShardOf(key)).PutAsync([new ShardPut(key, value)]);
                if (results[0] == StoreResult.Stored)
                {
                    _acknowledged[key] = value;
                }
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                // Not acknowledged: its silo is gone, and nobody knows yet.
                await cluster.Directory.GetLiveAsync().ContinueWith(_ => { }, TaskScheduler.Default);
            }
        }
    }

    private async Task<IReadOnlyList<StoredValue?>> ReadAsync(long shard, IReadOnlyList<NodeId> keys)
    {
        IReadOnlyList<StoredValue?>? values = null;
        await cluster.UntilAsync(async () =>
        {
            try
            {
                values = await cluster.Shard(shard).GetAsync(keys);
            }
            catch (Exception e) when (e is SiloUnavailableException or OrleansMessageRejectionException or TimeoutException)
            {
                values = null;
            }

            return values is not null;
        });
        return values!;
    }
}
