using System.Collections.Concurrent;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>What was acknowledged is there, whatever happened to activations, silos and storage.</summary>
[Collection(SharedCluster.Name)]
public sealed class ShardCrashTests(ClusterFixture cluster) : IDisposable
{
    public void Dispose() => cluster.Rows.Heal();

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public async Task Acknowledged_values_outlive_failing_storage_and_activations_that_end(int seed)
    {
        var random = new SeededRandomSource(seed);
        var shard = cluster.Shard(100 + seed);
        var keys = Samples.KeysOf(100 + seed, ClusterFixture.ShardBits).Take(80).ToList();
        var possible = keys.ToDictionary(key => key, _ => new HashSet<StoredValue?> { null });
        for (var round = 0; round < 60; round++)
        {
            SetFaults(shard.GetGrainId(), random, round % 3 == 2 ? 30 : 0);
            await PutSomeAsync(shard, random, keys, possible, round);
            cluster.Rows.Heal();
            if (random.Next(4) == 0)
            {
                await cluster.Cluster.DeactivateAsync(shard);
            }

            if (round % 10 == 9)
            {
                var values = await shard.GetAsync(keys);
                Assert.All(keys.Zip(values), pair => Assert.Contains(pair.Second, possible[pair.First]));
            }
        }
    }

    [Fact]
    public async Task A_silo_killed_with_writes_in_flight_takes_no_acknowledged_value_with_it()
    {
        var victim = await cluster.Cluster.StartAdditionalSiloAsync();
        var acknowledged = new ConcurrentDictionary<NodeId, StoredValue>();
        await using var load = new Load(Enumerable.Range(0, 16), (worker, stop) => StoreAsync(worker, acknowledged, stop));
        await cluster.UntilAsync(() => Task.FromResult(acknowledged.Count > 2000));
        await cluster.Cluster.KillSiloAsync(victim);
        var before = acknowledged.Count;
        await cluster.UntilAsync(() => Task.FromResult(acknowledged.Count > before + 2000));
        await load.StopAsync();

        foreach (var some in acknowledged.GroupBy(pair => GrainKeys.Shard(pair.Key, ClusterFixture.ShardBits)))
        {
            foreach (var chunk in some.Chunk(1000))
            {
                var values = await ReadAsync(some.Key, [.. chunk.Select(pair => pair.Key)]);
                Assert.Equal(chunk.Select(pair => pair.Value), values);
            }
        }
    }

    [Fact]
    public async Task A_silo_that_stops_in_good_order_hands_its_shards_over_while_puts_go_on()
    {
        var leaving = await cluster.Cluster.StartAdditionalSiloAsync();
        var acknowledged = new ConcurrentDictionary<NodeId, StoredValue>();
        await using var load = new Load(Enumerable.Range(100, 8), (worker, stop) => StoreAsync(worker, acknowledged, stop));
        await cluster.UntilAsync(() => Task.FromResult(acknowledged.Count > 500));
        await cluster.Cluster.StopSiloAsync(leaving);
        var before = acknowledged.Count;
        await cluster.UntilAsync(() => Task.FromResult(acknowledged.Count > before + 500));
        await load.StopAsync();

        foreach (var (key, value) in acknowledged)
        {
            Assert.Equal([value], await ReadAsync(GrainKeys.Shard(key, ClusterFixture.ShardBits), [key]));
        }
    }

    private void SetFaults(GrainId grain, SeededRandomSource random, int perHundred)
    {
        Task Fault(string state, GrainId id) => id == grain && random.Next(100) < perHundred
            ? throw new TimeoutException("fault")
            : Task.CompletedTask;
        (cluster.Rows.BeforeWrite, cluster.Rows.AfterWrite, cluster.Rows.BeforeRead) = (Fault, Fault, Fault);
    }

    private async Task PutSomeAsync(
        IKeyShardGrain shard, SeededRandomSource random, List<NodeId> keys, Dictionary<NodeId, HashSet<StoredValue?>> possible, int round)
    {
        // Keys differ within a round, as calls at once come in no order.
        var calls = keys.OrderBy(_ => random.Next(1000)).Take(20).Select((key, i) => (Key: key, Value: cluster.Text($"{round}/{i}"))).ToList();
        var results = await Task.WhenAll(calls.Select(async call =>
        {
            try
            {
                return (await shard.PutAsync([new ShardPut(call.Key, call.Value)]))[0];
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                // The shard could not activate.
                return StoreResult.StorageFailed;
            }
        }));
        foreach (var ((key, value), result) in calls.Zip(results))
        {
            possible[key] = result == StoreResult.Stored ? [value] : [.. possible[key], value];
        }
    }

    private async Task StoreAsync(int worker, ConcurrentDictionary<NodeId, StoredValue> acknowledged, CancellationToken stop)
    {
        for (var i = 0; !stop.IsCancellationRequested; i++)
        {
            var (key, value) = (NodeId.FromKey($"load {worker}/{i}"), cluster.Text($"{worker}/{i}"));
            try
            {
                var results = await cluster.Shard(GrainKeys.Shard(key, ClusterFixture.ShardBits)).PutAsync([new ShardPut(key, value)]);
                if (results[0] == StoreResult.Stored)
                {
                    acknowledged[key] = value;
                }
            }
            catch (Exception e) when (e is not Xunit.Sdk.XunitException)
            {
                // Not acknowledged: its silo is gone, and nobody knows yet.
                await cluster.Directory.GetLiveAsync().AsTask().ContinueWith(_ => { }, TaskScheduler.Default);
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
