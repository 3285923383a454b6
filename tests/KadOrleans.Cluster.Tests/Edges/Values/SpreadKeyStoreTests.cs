using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Cluster.Tests.Edges;

[Collection(SixteenShards.Name)]
public sealed class SpreadKeyStoreTests(SixteenShardCluster cluster) : IAsyncLifetime
{
    private readonly GrainKeyStore _store = new(
        cluster.Grains,
        ShardLayout.Of(cluster.ShardBits),
        TimeProvider.System,
        NullLogger<GrainKeyStore>.Instance,
        new GrainKeyStoreOptions { ScanPage = 5, UsageMaxAge = TimeSpan.Zero });

    public ValueTask InitializeAsync() => new(cluster.ClearAsync(StoreQuota.Unlimited));

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Each_key_lives_in_the_shard_of_its_prefix_and_a_scan_reads_all_pages_of_all_shards()
    {
        var keys = await PutAsync(300);

        Assert.Equal(keys, await ReadKeysAsync());

        Assert.Equal(300, (await _store.GetUsageAsync()).Keys);
        var shard = GrainKeys.Shard(keys.First(), cluster.ShardBits);
        var held = await cluster.Grains.GetGrain<IKeyShardGrain>(shard).GetAsync([keys.First()]);
        Assert.NotNull(Assert.Single(held));
    }

    [Fact]
    public async Task Expired_keys_leave_every_shard()
    {
        for (var i = 0; i < 100; i++)
        {
            var value = i % 2 == 0 ? StoredValues.Sized(i) : StoredValues.ExpiringAt(StoredValues.Now);
            Assert.Equal(StoreResult.Stored, await _store.PutAsync(StoredValues.Key(i), value));
        }

        Assert.Equal(50, await _store.RemoveExpiredAsync(StoredValues.Now));

        Assert.Equal(50, (await _store.GetUsageAsync()).Keys);
    }

    [Fact]
    public async Task A_scan_of_a_region_calls_the_shards_that_may_have_its_keys_and_gets_these_keys_alone()
    {
        var keys = await PutAsync(300);
        var ownId = StoredValues.Key(0);

        // The own shard's prefix, and two bits behind it.
        var region = new KeyRegion(ownId, NodeId.MaxValue.Prefix(cluster.ShardBits).WithBit(cluster.ShardBits + 1, true).WithBit(cluster.ShardBits + 3, true));
        var before = cluster.Gate.Count<IKeyShardGrain>("ScanAsync");

        var seen = await ReadKeysAsync(region);

        Assert.Equal(keys.Where(region.Contains).ToHashSet(), seen);
        Assert.Equal((seen.Count / 5) + 1, cluster.Gate.Count<IKeyShardGrain>("ScanAsync") - before);
    }

    private async Task<HashSet<NodeId>> ReadKeysAsync(KeyRegion region = default)
    {
        var keys = new HashSet<NodeId>();
        await foreach (var (key, _) in _store.ScanAsync(region))
        {
            Assert.True(keys.Add(key));
        }

        return keys;
    }

    private async Task<HashSet<NodeId>> PutAsync(int count)
    {
        var keys = Enumerable.Range(0, count).Select(StoredValues.Key).ToList();
        var results = await Task.WhenAll(keys.Select(key => _store.PutAsync(key, StoredValues.Text("held")).AsTask()));
        Assert.All(results, result => Assert.Equal(StoreResult.Stored, result));
        return [.. keys];
    }
}
