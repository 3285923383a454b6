using System.Runtime.CompilerServices;

namespace KadOrleans.Grains;

/// <summary>Reads what all shards of a cluster hold, as <see cref="IDhtAdmin"/> tells it.</summary>
internal sealed class ShardReadings(AdminCalls calls, ClusterShards known, ClusterTime time)
{
    /// <summary>The keys that a shard is asked for at once: with the largest values they have 2 MiB.</summary>
    private const int KeysPerCall = 256;

    /// <summary>The most shards that one page reads. Each may have to be read from storage.</summary>
    private const int ShardsPerPage = 256;

    // A cluster marks the values that it publishes, and most of what it holds may be of others.
    private const int PagesPerPublicationPage = 8;

    /// <summary>The source networks that all shards together list by keys, and by bytes: some 5 MB each.</summary>
    private const int SourcesOfShards = 131_072;

    /// <summary>The source networks that a merge remembers by keys, and by bytes.</summary>
    private const int MergedSources = 16_384;

    public async Task<KeyPage> ScanAsync(string prefix, NodeId? after, int count, CancellationToken cancellationToken)
    {
        var (keys, next) = await ReadAsync(AdminArguments.CheckPage(prefix, count), after, count, withPublished: false, KeySummary.Of, cancellationToken);
        return new KeyPage(keys, next);
    }

    public async Task<PublicationPage> ScanPublicationsAsync(NodeId? after, int count, CancellationToken cancellationToken)
    {
        AdminArguments.CheckCount(count);
        var found = new List<PublicationSummary>();
        for (var read = 0; read < PagesPerPublicationPage; read++)
        {
            var (page, next) = await ReadAsync(
                KeyRegion.Everywhere, after, IDhtAdmin.MaxPage, withPublished: false, Publication, cancellationToken);
            found.AddRange(page.OfType<PublicationSummary>());
            after = next;
            if (found.Count > count)
            {
                return new PublicationPage(found[..count], found[count - 1].Key);
            }

            if (after is null)
            {
                break;
            }
        }

        return new PublicationPage(found, after);

        static PublicationSummary? Publication(NodeId key, StoredValue held) =>
            held.LastPublished is { } time ? new(key, held.Value.Kind, held.Value.ContentLength, time) : null;
    }

    public async IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ReadValuesAsync(
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        NodeId? after = null;
        do
        {
            var (page, next) = await ReadAsync(KeyRegion.Everywhere, after, KeysPerCall, withPublished: true, KeyValuePair.Create, cancellationToken);
            foreach (var entry in page)
            {
                yield return entry;
            }

            after = next;
        }
        while (after is not null);
    }

    public async Task<DhtUsage> GetUsageAsync(CancellationToken cancellationToken)
    {
        var usages = await calls.AskShardsAsync<ShardUsage?>(async grain => await grain.GetUsageAsync(), cancellationToken);
        DhtShardUsage[] counted =
            [.. usages.Index().Where(shard => shard.Item is not null).Select(shard => new DhtShardUsage(shard.Index, shard.Item!.Value.Keys, shard.Item.Value.Bytes))];
        return new DhtUsage(
            counted.Sum(shard => shard.Keys), counted.Sum(shard => shard.Bytes), counted, NumbersOf(usages, usage => usage is null));
    }

    public async Task<DhtSources> GetSourcesAsync(int count, CancellationToken cancellationToken)
    {
        AdminArguments.CheckCount(count, IDhtAdmin.MaxSources);
        var listed = Math.Clamp(SourcesOfShards / known.Layout.Count, 64, ShardLayout.MaxItems);
        var (merge, missing) = await MergeAsync(grain => grain.GetSourcesAsync(listed), cancellationToken);
        var ranking = merge.Rank(count);
        if (!merge.IsExact)
        {
            // A shard may not have listed one of them.
            SourceNetwork[] chosen = [.. ranking.Sources.Select(one => one.Source)];
            (merge, missing) = await MergeAsync(grain => grain.CountSourcesAsync(chosen), cancellationToken);
            ranking = merge.Rank(chosen.Length) with { MostOtherKeys = ranking.MostOtherKeys, MostOtherBytes = ranking.MostOtherBytes };
        }

        return new DhtSources(ranking, missing);
    }

    /// <summary>
    /// A page of live keys, or also of expired ones that the cluster publishes, each as <paramref name="map"/> tells it. Null: nothing of it
    /// is told.
    /// </summary>
    private async Task<(List<T> Keys, NodeId? Next)> ReadAsync<T>(
        KeyRegion region, NodeId? after, int count, bool withPublished, Func<NodeId, StoredValue, T> map, CancellationToken cancellationToken)
    {
        var limit = calls.Limit();
        var now = time.GetUtcNow();
        var found = new List<T>();
        var read = 0;
        var layout = known.Layout;
        foreach (var shard in layout.ShardsOf(region, after))
        {
            while (true)
            {
                if (found.Count == count || read == ShardsPerPage)
                {
                    return (found, after);
                }

                var wanted = Math.Min(count - found.Count, KeysPerCall);
                var begin = after;
                var keys = await calls.CallShardAsync(shard, grain => grain.ScanAsync(region, begin, wanted), limit, cancellationToken);
                found.AddRange(keys
                    .Where(put => !put.Value.IsExpired(now) || (withPublished && put.Value.PublishedAt is not null))
                    .Select(put => map(put.Key, put.Value)));
                if (keys.Count < wanted)
                {
                    break;
                }

                after = keys[^1].Key;
            }

            after = layout.EndOf(shard);
            read++;
        }

        return (found, null);
    }

    /// <summary>Merges what all shards say of their source networks, each as it responds.</summary>
    private async Task<(SourceMerge Merge, IReadOnlyList<long> Missing)> MergeAsync(
        Func<IKeyShardGrain, ValueTask<ShardSources>> call, CancellationToken cancellationToken)
    {
        var layout = known.Layout;
        var merge = new SourceMerge(MergedSources);
        var hasResponded = new bool[layout.Count];
        await calls.AskShardsAsync(layout, call, Take, cancellationToken);
        return (merge, NumbersOf(hasResponded, responded => !responded));

        void Take(int shard, ShardSources sources)
        {
            // Guards the merge: shards respond on several threads.
            lock (merge)
            {
                merge.Add(sources.ToRanking());
            }

            hasResponded[shard] = true;
        }
    }

    private static IReadOnlyList<long> NumbersOf<T>(IEnumerable<T> shards, Func<T, bool> which) =>
        [.. shards.Index().Where(shard => which(shard.Item)).Select(shard => (long)shard.Index)];
}
