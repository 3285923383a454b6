using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.EdgeWorker.Diagnostics;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>The grain calls that carry many puts, keys or points, and their counts. A key is asked for once in a call.</summary>
/// <param name="grains">A connected client's, or a silo's.</param>
internal sealed class CountedCalls(IGrainFactory grains)
{
    private long _putCalls;
    private long _putValues;
    private long _getCalls;
    private long _getKeys;
    private long _newsCalls;

    /// <summary>Calls with puts.</summary>
    public long PutCalls => Interlocked.Read(ref _putCalls);

    /// <summary>The puts in them.</summary>
    public long PutValues => Interlocked.Read(ref _putValues);

    /// <summary>Calls with gets.</summary>
    public long GetCalls => Interlocked.Read(ref _getCalls);

    /// <summary>The gets in them, with those of one key.</summary>
    public long GetKeys => Interlocked.Read(ref _getKeys);

    /// <summary>Calls for news.</summary>
    public long NewsCalls => Interlocked.Read(ref _newsCalls);

    /// <summary>Counts a call in the metrics.</summary>
    public static void Count(string kind) => EdgeMetrics.ShardCalls.Add(1, Kind(kind));

    /// <summary>The tag of a kind of call.</summary>
    public static KeyValuePair<string, object?> Kind(string kind) => new("kad.shard.call", kind);

    /// <summary>Puts values of any shards through a desk.</summary>
    public async Task<ShardBatch<StoreResult>> PutManyAsync(GrainId desk, IReadOnlyList<ShardPut> puts)
    {
        Count("put", puts.Count, ref _putCalls, ref _putValues);
        return await grains.GetGrain<IShardDesk>(desk).PutAsync(puts);
    }

    /// <summary>Puts values of one shard.</summary>
    public Task<IReadOnlyList<StoreResult>> PutAsync(long shard, IReadOnlyList<ShardPut> puts)
    {
        Count("put", puts.Count, ref _putCalls, ref _putValues);
        return grains.GetGrain<IKeyShardGrain>(shard).PutAsync(puts).AsTask();
    }

    /// <summary>Gets keys of any shards through a desk.</summary>
    public async Task<ShardBatch<StoredValue?>> GetManyAsync(GrainId desk, IReadOnlyList<NodeId> keys)
    {
        Count("get", keys.Count, ref _getCalls, ref _getKeys);
        var (once, places) = Once(keys);
        var batch = await grains.GetGrain<IShardDesk>(desk).GetAsync(once);
        if (places is null)
        {
            return batch;
        }

        var unanswered = batch.Unanswered.ToHashSet();
        return batch with
        {
            Results = [.. places.Select(place => batch.Results[place])],
            Unanswered = [.. places.Index().Where(item => unanswered.Contains(item.Item)).Select(item => item.Index)],
        };
    }

    /// <summary>Gets keys of one shard.</summary>
    public async Task<IReadOnlyList<StoredValue?>> GetAsync(long shard, IReadOnlyList<NodeId> keys)
    {
        Count("get", keys.Count, ref _getCalls, ref _getKeys);
        var (once, places) = Once(keys);
        var values = await grains.GetGrain<IKeyShardGrain>(shard).GetAsync(once);
        return places is null ? values : [.. places.Select(place => values[place])];
    }

    /// <summary>Gets the news of shards from any silo. Different ways may lead to different ones.</summary>
    public Task<IReadOnlyList<ShardNews>> GetNewsAsync(long way, IReadOnlyList<ShardPoint> known)
    {
        Interlocked.Increment(ref _newsCalls);
        Count("news");
        return grains.GetGrain<IShardBatchGrain>(way).GetNewsAsync(known).AsTask();
    }

    /// <summary>
    /// Removes duplicate keys from a batch. Returns the distinct keys and the place of each requested key among them, or null if there are
    /// no duplicates.
    /// </summary>
    private static (IReadOnlyList<NodeId> Keys, int[]? Places) Once(IReadOnlyList<NodeId> asked)
    {
        var places = new Dictionary<NodeId, int>(asked.Count);
        var keys = new List<NodeId>(asked.Count);
        foreach (var key in asked)
        {
            if (places.TryAdd(key, keys.Count))
            {
                keys.Add(key);
            }
        }

        return keys.Count == asked.Count ? (asked, null) : (keys, [.. asked.Select(key => places[key])]);
    }

    private static void Count(string kind, int items, ref long calls, ref long carried)
    {
        Interlocked.Increment(ref calls);
        Interlocked.Add(ref carried, items);
        Count(kind);
        EdgeMetrics.ShardBatch.Record(items, Kind(kind));
    }
}
