using System.Collections.Concurrent;
using KadOrleans.Cluster.Diagnostics;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Values;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cluster.Values;

/// <summary>The lanes of all shards, each made when it is first used: at most two per shard.</summary>
internal sealed class ShardLanes(
    IGrainFactory grains, GrainKeyStoreOptions options, TimeProvider time, ILogger logger)
{
    private readonly ConcurrentDictionary<long, BatchLane<ShardPut, StoreResult>> _puts = new();
    private readonly ConcurrentDictionary<long, BatchLane<NodeId, StoredValue?>> _gets = new();
    private long _putCalls;
    private long _putValues;
    private long _getCalls;
    private long _getKeys;

    public BatchLane<ShardPut, StoreResult> Puts(long shard) => _puts.TryGetValue(shard, out var lane)
        ? lane
        : _puts.GetOrAdd(shard, key =>
        {
            var grain = grains.GetGrain<IKeyShardGrain>(key);
            return new BatchLane<ShardPut, StoreResult>(key, puts => PutAsync(grain, puts), options, time, logger);
        });

    public BatchLane<NodeId, StoredValue?> Gets(long shard) => _gets.TryGetValue(shard, out var lane)
        ? lane
        : _gets.GetOrAdd(shard, key =>
        {
            var grain = grains.GetGrain<IKeyShardGrain>(key);
            return new BatchLane<NodeId, StoredValue?>(key, keys => GetAsync(grain, keys), options, time, logger);
        });

    public IReadOnlyDictionary<string, long> Totals() => new SortedDictionary<string, long>(StringComparer.Ordinal)
    {
        ["shards.get.calls"] = Interlocked.Read(ref _getCalls),
        ["shards.get.keys"] = Interlocked.Read(ref _getKeys),
        ["shards.put.calls"] = Interlocked.Read(ref _putCalls),
        ["shards.put.values"] = Interlocked.Read(ref _putValues),
    };

    private Task<IReadOnlyList<StoreResult>> PutAsync(IKeyShardGrain grain, IReadOnlyList<ShardPut> puts)
    {
        Count("put", puts.Count, ref _putCalls, ref _putValues);
        return grain.PutAsync(puts).AsTask();
    }

    /// <summary>A key that many ask for at once travels once.</summary>
    private async Task<IReadOnlyList<StoredValue?>> GetAsync(IKeyShardGrain grain, IReadOnlyList<NodeId> keys)
    {
        Count("get", keys.Count, ref _getCalls, ref _getKeys);
        var places = new Dictionary<NodeId, int>();
        foreach (var key in keys)
        {
            places.TryAdd(key, places.Count);
        }

        var values = await grain.GetAsync([.. places.Keys]);
        return [.. keys.Select(key => values[places[key]])];
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
