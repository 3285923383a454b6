using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Dht;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Managing;
using KadOrleans.Grains.Abstractions.Routing;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Grains.Clocks;
using KadOrleans.Grains.Dht;
using KadOrleans.Grains.Hosting;
using KadOrleans.Grains.Values;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace KadOrleans.Grains.Managing;

/// <inheritdoc cref="IDhtAdminGrain"/>
[StatelessWorker]
[Reentrant]
internal sealed class DhtAdminGrain(
    IGrainFactory grains,
    IOptions<KadClusterOptions> options,
    ClusterShards known,
    IClusterSilos silos,
    IRandomSource random,
    ClusterTime time,
    ILogger<DhtAdminGrain> logger) : Grain, IDhtAdminGrain
{
    /// <summary>The most keys of a page.</summary>
    private const int MaxPage = 1_000;

    /// <summary>The keys that a shard is asked for at once: with the largest values they have 2 MiB.</summary>
    private const int KeysPerCall = 256;

    /// <summary>The most shards that one page reads. Each may have to be read from storage.</summary>
    private const int ShardsPerPage = 256;

    /// <summary>The most source networks that are told by keys, and by bytes: shards count both in one call.</summary>
    private const int MaxSources = 500;

    /// <summary>The source networks that all shards together list by keys, and by bytes: some 5 MB each.</summary>
    private const int SourcesOfShards = 131_072;

    /// <summary>The source networks that a merge remembers by keys, and by bytes.</summary>
    private const int MergedSources = 16_384;

    /// <summary>The shards that are asked for their usage at once.</summary>
    private const int ShardsAtOnce = 64;

    /// <summary>The most node ids that a sentence names.</summary>
    private const int NamedIds = 8;

    // Below Orleans' response timeout of 30 s, so the caller gets the reason of a failure.
    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(28);

    private readonly GrainCalls _calls = new(time, logger);
    private readonly EdgeCaller _edges = new(grains, random, time, options.Value.EdgeTimeout, logger);

    public async ValueTask<AdminPage> ScanAsync(KeyRegion region, NodeId? after, int count)
    {
        if (count is < 1 or > MaxPage)
        {
            throw new ArgumentException($"The count is {count}; 1 to {MaxPage} is allowed.");
        }

        var limit = Limit();
        var now = time.GetUtcNow();
        var found = new List<AdminKey>();
        var read = 0;
        var layout = known.Layout;
        foreach (var shard in layout.ShardsOf(region, after))
        {
            while (true)
            {
                if (found.Count == count || read == ShardsPerPage)
                {
                    return new AdminPage(found, after);
                }

                var wanted = Math.Min(count - found.Count, KeysPerCall);
                var begin = after;
                var keys = await CallAsync(shard, grain => grain.ScanAsync(region, begin, wanted), limit);
                found.AddRange(keys.Where(put => !put.Value.IsExpired(now)).Select(put => SummaryOf(put.Key, put.Value)));
                if (keys.Count < wanted)
                {
                    break;
                }

                after = keys[^1].Key;
            }

            after = layout.EndOf(shard);
            read++;
        }

        return new AdminPage(found, null);
    }

    public async ValueTask<AdminKeyDetails> DescribeKeyAsync(NodeId key)
    {
        var limit = Limit();
        var held = await CallAsync(known.Layout.ShardOf(key), shard => shard.GetAsync([key]), limit);
        try
        {
            return new AdminKeyDetails(
                held[0], await _edges.CallAsync(edge => edge.AskHoldersAsync(key), limit, CancellationToken.None), null);
        }
        catch (Exception e)
        {
            return new AdminKeyDetails(held[0], [], e.Message);
        }
    }

    public async ValueTask<AdminDeletion> DeleteAsync(NodeId key)
    {
        var limit = Limit();
        var shard = known.Layout.ShardOf(key);
        var published = await CallAsync(shard, grain => grain.UnpublishAsync([key]), limit);
        var removed = await CallAsync(shard, grain => grain.RemoveAsync([key]), limit);
        return new AdminDeletion(removed[0], published[0]);
    }

    public async ValueTask<IReadOnlyList<AdminShardUsage>> GetUsageAsync()
    {
        var usages = await AskShardsAsync<ShardUsage?>(async grain => await grain.GetUsageAsync());
        return [.. usages.Select((usage, shard) => new AdminShardUsage(shard, usage))];
    }

    public async ValueTask<AdminSources> GetSourcesAsync(int count)
    {
        if (count is < 1 or > MaxSources)
        {
            throw new ArgumentException($"The count is {count}; 1 to {MaxSources} is allowed.");
        }

        var listed = Math.Clamp(SourcesOfShards / known.Layout.Count, 64, ShardCall.MaxItems);
        var (merge, missing) = await MergeAsync(grain => grain.GetSourcesAsync(listed));
        var ranking = merge.Rank(count);
        if (!merge.IsExact)
        {
            // A shard may not have listed one of them.
            SourceNetwork[] chosen = [.. ranking.Sources.Select(one => one.Source)];
            (merge, missing) = await MergeAsync(grain => grain.CountSourcesAsync(chosen));
            ranking = merge.Rank(chosen.Length) with { MostOtherKeys = ranking.MostOtherKeys, MostOtherBytes = ranking.MostOtherBytes };
        }

        return new AdminSources(ShardSources.Of(ranking), missing);
    }

    public async ValueTask<int> RunShardsAsync() => (await AskShardsAsync(static grain => grain.RepublishAsync())).Count(isBegun => isBegun);

    public ValueTask<IReadOnlyList<EdgeName>> GetEdgesAsync() => CallOneAsync<IEdgeDirectoryGrain, IReadOnlyList<EdgeName>>(static grain => grain.GetNamesAsync());

    public ValueTask<bool> ChangeEdgeAsync(string name, NameChange change) =>
        CallOneAsync<IEdgeDirectoryGrain, bool>(grain => grain.ChangeAsync(name, change));

    public async ValueTask<IReadOnlyList<AdminContact>> GetContactAsync(NodeId id) =>
        [.. (await AskTablesAsync(table => table.FindAsync(id))).SelectMany(answer => answer.Result.Select(contact => new AdminContact(answer.Table, contact)))];

    public async ValueTask<int> DropContactAsync(NodeId id) => (await AskTablesAsync(table => table.DropAsync(id))).Count(answer => answer.Result);

    public async ValueTask<int> RunTablesAsync(bool isWalk) => (await AskTablesAsync(table => table.RunAsync(isWalk))).Count(answer => answer.Result);

    public ValueTask<ShardStatus> GetShardsAsync(bool isDoubled) => CallOneAsync<IClusterGrain, ShardStatus>(async grain =>
    {
        try
        {
            return isDoubled
                ? await grain.DoubleShardsAsync()
                : await grain.GetShardsAsync() ?? throw new InvalidOperationException("The cluster has no settings yet: its first silo makes them when it starts.");
        }
        catch (InvalidOperationException e)
        {
            throw new ArgumentException(e.Message);
        }
    });

    public async ValueTask<IReadOnlyList<AdminSilo>> GetSilosAsync() => await silos.ReadAsync();

    public async ValueTask<AdminShard> FindShardAsync(NodeId? key, int number) => await silos.FindShardAsync(key, number);

    public async ValueTask<AdminTable> GetTableAsync(NodeId? id)
    {
        var limit = Limit();
        var directory = grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
        var edges = await _calls.CallAsync(nameof(IEdgeDirectoryGrain), directory.GetLiveAsync, limit, CancellationToken.None);

        // A grain of an id that no edge has would create a table.
        var own = edges.SelectMany(edge => edge.NodeIds).ToList();
        var shown = id ?? (own.Count == 1 ? own[0] : null);
        if (shown is not { } node || !own.Contains(node))
        {
            throw new ArgumentException(
                $"{(id is null ? "No node id is given" : $"The node id {id} is no live edge's")}; the cluster has "
                + (own.Count == 0 ? "no live edge." : $"{string.Join(", ", own.Take(NamedIds))}{(own.Count > NamedIds ? $" and {own.Count - NamedIds} more" : string.Empty)}."));
        }

        var table = grains.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(node));
        var buckets = await _calls.CallAsync(nameof(IRoutingTableGrain), table.DescribeAsync, limit, CancellationToken.None);
        var snapshot = await _calls.CallAsync(nameof(IRoutingTableGrain), table.GetSnapshotAsync, limit, CancellationToken.None);
        return new AdminTable(node, buckets, snapshot.Contacts);
    }

    public async ValueTask<AdminTrace> TraceLookupAsync(NodeId target, LookupKind kind) =>
        await _edges.CallAsync(edge => edge.TraceLookupAsync(target, kind), Limit(), CancellationToken.None);

    public ValueTask<bool> NoteAsync(AuditRecord entry) => CallOneAsync<IAuditGrain, bool>(async log =>
    {
        await log.AppendAsync(entry);
        return true;
    });

    public ValueTask<IReadOnlyList<AuditRecord>> ReadAuditAsync(int count, long? before) =>
        CallOneAsync<IAuditGrain, IReadOnlyList<AuditRecord>>(log => log.ReadAsync(count, before));

    public ValueTask<ClusterRules> GetRulesAsync() => CallOneAsync<IRulesGrain, ClusterRules>(static rules => rules.GetAsync());

    public ValueTask<RuleChange> BanAsync(string ban, bool isBanned) => CallOneAsync<IRulesGrain, RuleChange>(rules => rules.BanAsync(ban, isBanned));

    public ValueTask<RuleChange> SetLimitAsync(string name, long? value) =>
        CallOneAsync<IRulesGrain, RuleChange>(rules => rules.SetLimitAsync(name, value));

    private static AdminKey SummaryOf(NodeId key, StoredValue held) =>
        new(key, held.Value.Kind, held.Value.ContentLength, held.StoredAt, held.ExpiresAt, held.Source, PendingPublication.TimeOf(held.PublishedAt));

    private TimeLimit Limit() => new(CallLimit, time);

    /// <summary>Calls a grain of which the cluster has one.</summary>
    private async ValueTask<T> CallOneAsync<TGrain, T>(Func<TGrain, ValueTask<T>> call)
        where TGrain : IGrainWithIntegerKey =>
        await CallAsync(typeof(TGrain).Name, grains.GetGrain<TGrain>(GrainKeys.Singleton), call, Limit());

    /// <summary>Merges what all shards say of their source networks, each as it responds.</summary>
    private async ValueTask<(SourceMerge Merge, IReadOnlyList<long> Missing)> MergeAsync(Func<IKeyShardGrain, ValueTask<ShardSources>> call)
    {
        var layout = known.Layout;
        var merge = new SourceMerge(MergedSources);
        var hasResponded = new bool[layout.Count];
        await AskShardsAsync(layout, call, (shard, sources) =>
        {
            merge.Add(sources.ToRanking());
            hasResponded[shard] = true;
        });
        return (merge, [.. hasResponded.Index().Where(shard => !shard.Item).Select(shard => (long)shard.Index)]);
    }

    /// <summary>Asks all shards, in the order of their numbers. The result of one that does not respond is the default.</summary>
    private async ValueTask<T?[]> AskShardsAsync<T>(Func<IKeyShardGrain, ValueTask<T>> call)
    {
        var layout = known.Layout;
        var results = new T?[layout.Count];
        await AskShardsAsync(layout, call, (shard, result) => results[shard] = result);
        return results;
    }

    /// <summary>Asks all shards, some at once, and passes on each result. Nothing is passed on of one that does not respond.</summary>
    private async Task AskShardsAsync<T>(ShardLayout layout, Func<IKeyShardGrain, ValueTask<T>> call, Action<int, T> take)
    {
        var limit = Limit();
        await Parallel.ForAsync(0, layout.Count, new ParallelOptions { MaxDegreeOfParallelism = ShardsAtOnce, TaskScheduler = TaskScheduler.Current }, async (shard, _) =>
        {
            try
            {
                take(shard, await CallAsync(layout.ShardAt(shard), call, limit));
            }
            catch (Exception e)
            {
                logger.ShardFailed(e.Message);
            }
        });
    }

    /// <summary>Asks the tables of all live edges.</summary>
    private async ValueTask<IReadOnlyList<(NodeId Table, T Result)>> AskTablesAsync<T>(Func<IRoutingTableGrain, ValueTask<T>> call)
    {
        var limit = Limit();
        var names = await GetEdgesAsync();
        NodeId[] ids = [.. names.Where(edge => edge.Live is not null).SelectMany(edge => edge.NodeIds)];
        var results = new T[ids.Length];
        try
        {
            await Parallel.ForAsync(0, ids.Length, new ParallelOptions { MaxDegreeOfParallelism = ShardsAtOnce, TaskScheduler = TaskScheduler.Current }, async (i, _) =>
            {
                var table = grains.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(ids[i]));
                results[i] = await _calls.CallAsync(nameof(IRoutingTableGrain), () => call(table), limit, CancellationToken.None);
            });
        }
        catch (Exception e)
        {
            throw new ShardUnavailableException($"A routing table of the cluster does not answer: {e.Message}", e);
        }

        return [.. ids.Zip(results)];
    }

    private Task<T> CallAsync<T>(long shard, Func<IKeyShardGrain, ValueTask<T>> call, TimeLimit limit) =>
        CallAsync(GrainKeys.ShardName(shard), grains.GetGrain<IKeyShardGrain>(shard), call, limit);

    private async Task<T> CallAsync<TGrain, T>(string name, TGrain grain, Func<TGrain, ValueTask<T>> call, TimeLimit limit)
    {
        try
        {
            return await _calls.CallAsync(name, () => call(grain), limit, CancellationToken.None);
        }
        catch (Exception e) when (e is not ArgumentException)
        {
            throw ShardUnavailableException.Of(name, e);
        }
    }
}
