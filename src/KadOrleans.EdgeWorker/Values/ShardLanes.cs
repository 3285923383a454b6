using KadOrleans.EdgeWorker.Diagnostics;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>The puts and the gets to all shards, apart from each other: a get never waits for a write.</summary>
internal sealed class ShardLanes
{
    private readonly IGrainFactory _grains;
    private readonly SharedLanes<ShardPut, StoreResult> _puts;
    private readonly SharedLanes<NodeId, StoredValue?> _gets;
    private long _putCalls;
    private long _putValues;
    private long _getCalls;
    private long _getKeys;

    public ShardLanes(IGrainFactory grains, int shardBits, GrainKeyStoreOptions options, TimeProvider time, ILogger logger)
    {
        _grains = grains;
        _puts = new SharedLanes<ShardPut, StoreResult>(
            put => GrainKeys.Shard(put.Key, shardBits), PutManyAsync, PutAsync, options, time, logger);
        _gets = new SharedLanes<NodeId, StoredValue?>(
            key => GrainKeys.Shard(key, shardBits), GetManyAsync, GetAsync, options with { Patience = options.GetPatience }, time, logger);
    }

    public ValueTask<LaneOutcome<StoreResult>> PutAsync(ShardPut put, CancellationToken cancellationToken) =>
        _puts.AskAsync(put, cancellationToken);

    public ValueTask<LaneOutcome<StoredValue?>> GetAsync(NodeId key, CancellationToken cancellationToken) =>
        _gets.AskAsync(key, cancellationToken);

    public IReadOnlyDictionary<string, long> Totals() => new SortedDictionary<string, long>(StringComparer.Ordinal)
    {
        ["shards.get.calls"] = Interlocked.Read(ref _getCalls),
        ["shards.get.keys"] = Interlocked.Read(ref _getKeys),
        ["shards.put.calls"] = Interlocked.Read(ref _putCalls),
        ["shards.put.values"] = Interlocked.Read(ref _putValues),
    };

    private Task<ShardBatch<StoreResult>> PutManyAsync(long desk, IReadOnlyList<ShardPut> puts)
    {
        Count("put", puts.Count, ref _putCalls, ref _putValues);
        return _grains.GetGrain<IShardBatchGrain>(GrainKeys.PutDesk(desk)).PutAsync(puts).AsTask();
    }

    private Task<IReadOnlyList<StoreResult>> PutAsync(long shard, IReadOnlyList<ShardPut> puts)
    {
        Count("put", puts.Count, ref _putCalls, ref _putValues);
        return _grains.GetGrain<IKeyShardGrain>(shard).PutAsync(puts).AsTask();
    }

    private async Task<ShardBatch<StoredValue?>> GetManyAsync(long desk, IReadOnlyList<NodeId> keys)
    {
        Count("get", keys.Count, ref _getCalls, ref _getKeys);
        var once = new KeysOnce(keys);
        var batch = await _grains.GetGrain<IShardBatchGrain>(GrainKeys.GetDesk(desk)).GetAsync(once.Keys);
        return once.Spread(batch);
    }

    private async Task<IReadOnlyList<StoredValue?>> GetAsync(long shard, IReadOnlyList<NodeId> keys)
    {
        Count("get", keys.Count, ref _getCalls, ref _getKeys);
        var once = new KeysOnce(keys);
        return once.Spread(await _grains.GetGrain<IKeyShardGrain>(shard).GetAsync(once.Keys));
    }

    private static void Count(string kind, int items, ref long calls, ref long carried)
    {
        Interlocked.Increment(ref calls);
        Interlocked.Add(ref carried, items);
        var tag = new KeyValuePair<string, object?>("kad.shard.call", kind);
        ClusterMetrics.ShardCalls.Add(1, tag);
        ClusterMetrics.ShardBatch.Record(items, tag);
    }
}
