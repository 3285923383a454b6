using KadOrleans.Core;
using KadOrleans.Grains.Abstractions.Dht;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Grains.Values;

namespace KadOrleans.Grains.Dht;

/// <summary>Answers requests of watching clients by the silo's news of the shards. Only keys that may have changed are read.</summary>
internal sealed class ShardWatch(
    SiloNews news, Func<NodeId, long> shardOf, Func<long, IKeyShardGrain> grainOf, TimeProvider time)
{
    /// <summary>Reads what changed.</summary>
    /// <exception cref="ArgumentException">There are more keys or points than one call takes.</exception>
    public async Task<DhtWatchResult> ReadAsync(DhtWatchRequest request)
    {
        List<NodeId> keys = [.. request.Keys, .. request.NewKeys];
        ShardCall.CheckLength(keys);
        ShardCall.CheckLength(request.Known);
        var byShard = keys.ToLookup(shardOf);
        var known = request.Known.DistinctBy(point => point.Shard).ToDictionary(point => point.Shard);
        var points = byShard.ToDictionary(share => share.Key, share => known.GetValueOrDefault(share.Key, new ShardPoint(share.Key, 0, 0)));
        var fresh = request.NewKeys.ToHashSet();
        var read = await Task.WhenAll((await news.ReadAsync([.. points.Values], grainOf)).Select(one => ReadAsync(one, byShard[one.Shard], fresh)));
        foreach (var (point, _) in read.Where(one => one.Values is not null))
        {
            points[point.Shard] = point;
        }

        return new DhtWatchResult([.. read.SelectMany(one => one.Values ?? [])], [.. points.Values]);
    }

    // Without values if the shard does not respond: its news come again with the next request.
    private async Task<(ShardPoint Point, IReadOnlyList<WatchedValue>? Values)> ReadAsync(
        ShardNews news, IEnumerable<NodeId> keys, HashSet<NodeId> fresh)
    {
        var point = new ShardPoint(news.Shard, news.Generation, news.Version);
        HashSet<NodeId> changed = [.. news.Changed];
        List<NodeId> wanted = [.. keys.Where(key => news.Filter is not null || fresh.Contains(key) || changed.Contains(key)).Distinct()];
        if (wanted.Count == 0)
        {
            return (point, []);
        }

        try
        {
            var values = await grainOf(news.Shard).GetAsync(wanted).AsTask().WaitAsync(ShardCall.Timeout, time);
            return (point, [.. wanted.Zip(values, (key, value) => new WatchedValue(key, value?.Value))]);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            return (point, null);
        }
    }
}
