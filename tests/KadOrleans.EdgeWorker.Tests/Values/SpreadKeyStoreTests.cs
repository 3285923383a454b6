using KadOrleans.EdgeWorker.Tests.Running;
using KadOrleans.EdgeWorker.Values;
using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.EdgeWorker.Tests.Values;

[Collection(SixteenShards.Name)]
public sealed class SpreadKeyStoreTests(SixteenShardCluster cluster) : IAsyncLifetime
{
    private readonly GrainKeyStore _store = new(
        cluster.Grains,
        cluster.ShardBits,
        TimeProvider.System,
        NullLogger<GrainKeyStore>.Instance,
        new GrainKeyStoreOptions { ScanPage = 5, UsageMaxAge = TimeSpan.Zero });

    public ValueTask InitializeAsync() => new(cluster.ClearAsync(StoreQuota.Unlimited));

    public ValueTask DisposeAsync() => _store.DisposeAsync();

    [Fact]
    public async Task Each_key_lives_in_the_shard_of_its_prefix_and_a_scan_reads_all_pages_of_all_shards()
    {
        var keys = await PutAsync(300);

        Assert.Equal(keys, await ReadKeysAsync(_store));

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
    public async Task A_scan_for_a_node_among_near_contacts_visits_its_own_shard_alone()
    {
        var ownId = StoredValues.Key(0);
        var near = new BucketRange(ownId, cluster.ShardBits);
        var contacts = Enumerable.Range(0, 400).Select(i => new Contact(StoredValues.Key(10_000 + i), Endpoint(i))).ToList();
        var table = new FixedTable(new RoutingTableSnapshot(ownId, 1, contacts));
        var keys = await PutAsync(300);
        var before = cluster.Gate.Count<IKeyShardGrain>("ScanAsync");

        var seen = await ReadKeysAsync(_store.ScanningFor(table));

        Assert.Equal(keys.Where(near.Contains).ToHashSet(), seen);
        Assert.InRange(cluster.Gate.Count<IKeyShardGrain>("ScanAsync") - before, 1, 20);
    }

    [Fact]
    public async Task A_scan_for_a_node_that_knows_nobody_shows_everything()
    {
        var keys = await PutAsync(100);

        Assert.Equal(keys, await ReadKeysAsync(_store.ScanningFor(new FixedTable(RoutingTableSnapshot.Empty(StoredValues.Key(0))))));
    }

    private static UdpEndpoint Endpoint(int number) => UdpEndpoint.FromIPv4(0x0800_0001 + (uint)number, 4000);

    private static async Task<HashSet<NodeId>> ReadKeysAsync(IKeyStore store)
    {
        var keys = new HashSet<NodeId>();
        await foreach (var (key, _) in store.ScanAsync())
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

    private sealed class FixedTable(RoutingTableSnapshot snapshot) : IRoutingTable
    {
        public RoutingTableSnapshot Snapshot => snapshot;

        public void Observe(ContactObservation observation)
        {
        }

        public void Attach(IRoutingTableListener listener)
        {
        }
    }
}
