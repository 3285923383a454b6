using KadOrleans.Cluster.Tests.Running;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using Orleans.Concurrency;

namespace KadOrleans.Cluster.Tests.TestGrains;

[Reentrant]
internal sealed class TestShardGrain(ShardDisk disk, ClusterQuota quota, ClusterSettings settings) : Grain, IKeyShardGrain
{
    private readonly KeyShard _shard = new(quota.Current);

    public override Task OnActivateAsync(CancellationToken cancellationToken)
    {
        foreach (var (key, value) in disk.Values.Where(pair => GrainKeys.Shard(pair.Key, settings.ShardBits) == this.GetPrimaryKeyLong()))
        {
            _shard.Restore(key, value);
        }

        return Task.CompletedTask;
    }

    public ValueTask<IReadOnlyList<StoredValue?>> GetAsync(IReadOnlyList<NodeId> keys) => ValueTask.FromResult<IReadOnlyList<StoredValue?>>(
        [.. keys.Select(key => _shard.TryGet(key, DateTimeOffset.MinValue, out var value) ? value : null)]);

    public ValueTask<IReadOnlyList<StoreResult>> PutAsync(IReadOnlyList<ShardPut> puts) =>
        ValueTask.FromResult<IReadOnlyList<StoreResult>>([.. puts.Select(Put)]);

    public ValueTask<IReadOnlyList<bool>> RemoveAsync(IReadOnlyList<NodeId> keys)
    {
        foreach (var key in keys)
        {
            disk.Values.TryRemove(key, out _);
        }

        return ValueTask.FromResult<IReadOnlyList<bool>>([.. keys.Select(_shard.Remove)]);
    }

    public ValueTask<int> RemoveExpiredAsync(DateTimeOffset now)
    {
        var expired = _shard.RemoveExpired(now);
        foreach (var key in expired)
        {
            disk.Values.TryRemove(key, out _);
        }

        return ValueTask.FromResult(expired.Count);
    }

    public ValueTask<IReadOnlyList<ShardPut>> ScanAsync(NodeId? after, int count) => ValueTask.FromResult<IReadOnlyList<ShardPut>>(
        [.. _shard.Values.Where(pair => after is null || pair.Key > after).OrderBy(pair => pair.Key).Take(count).Select(pair => new ShardPut(pair.Key, pair.Value))]);

    public ValueTask<IReadOnlyList<ShardPut>> GetDueForRepublishAsync(DateTimeOffset before, int count) => ScanAsync(null, count);

    public ValueTask<ShardUsage> GetUsageAsync() => ValueTask.FromResult(new ShardUsage(_shard.Count, _shard.Bytes));

    private StoreResult Put(ShardPut put)
    {
        var result = _shard.Put(put.Key, put.Value);
        if (result == StoreResult.Stored)
        {
            disk.Values[put.Key] = put.Value;
        }

        return result;
    }
}
