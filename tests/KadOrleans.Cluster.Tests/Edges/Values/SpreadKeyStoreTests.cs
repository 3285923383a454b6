namespace KadOrleans.Cluster.Tests.Edges;

[Collection(SixteenShards.Name)]
public sealed class SpreadKeyStoreTests(SixteenShardCluster cluster) : IAsyncLifetime
{
    private readonly HashSet<NodeId> _keys = [.. Enumerable.Range(0, 300).Select(StoredValues.Key)];
    private readonly GrainKeyStore _store = cluster.OpenStore(new() { ScanPage = 5, UsageMaxAge = TimeSpan.Zero });

    public async ValueTask InitializeAsync()
    {
        await cluster.ClearAsync(StoreQuota.Unlimited);
        var (held, expired) = (StoredValues.Text("held"), StoredValues.ExpiringAt(StoredValues.Now));
        await _store.ForNode().PutTogetherAsync(_keys.Select((key, i) => KeyValuePair.Create(key, i < 50 ? expired : held)));
    }

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Each_key_lives_in_the_shard_of_its_prefix_and_expired_ones_leave_every_shard()
    {
        Assert.Equal(300, (await _store.GetUsageAsync()).Keys);
        var last = StoredValues.Key(299);
        Assert.NotNull(Assert.Single(await cluster.Shard(GrainKeys.Shard(last, cluster.ShardBits)).GetAsync([last])));

        Assert.Equal(50, await _store.RemoveExpiredAsync(StoredValues.Now));
        Assert.Equal(250, (await _store.GetUsageAsync()).Keys);
    }

    [Fact]
    public async Task A_scan_reads_all_pages_of_the_shards_that_may_have_its_keys_and_gets_these_keys_alone()
    {
        Assert.Equal(_keys, await ReadKeysAsync());

        // The own shard's prefix, and two bits behind it.
        var bits = cluster.ShardBits;
        var mask = NodeId.MaxValue.Prefix(bits).WithBit(bits + 1, true).WithBit(bits + 3, true);
        var region = new KeyRegion(StoredValues.Key(0), mask);
        var before = cluster.Gate.Count<IKeyShardGrain>("ScanAsync");

        var seen = await ReadKeysAsync(region);

        Assert.Equal(_keys.Where(region.Contains).ToHashSet(), seen);
        Assert.Equal((seen.Count / 5) + 1, cluster.Gate.Count<IKeyShardGrain>("ScanAsync") - before);
    }

    private async Task<HashSet<NodeId>> ReadKeysAsync(KeyRegion region = default)
    {
        var keys = await _store.ScanAsync(region).Select(entry => entry.Key).ToListAsync();
        Assert.Distinct(keys);
        return [.. keys];
    }
}
