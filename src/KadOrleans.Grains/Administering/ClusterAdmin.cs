using System.Runtime.CompilerServices;

namespace KadOrleans.Grains;

// Manages a cluster from within a silo, by calls to the grains and edges that are asked about. Changes are durable when a call returns.
internal sealed class ClusterAdmin(AdminCalls calls, ClusterSilos silos, ClusterShards known, ClusterLimits limits, ClusterTime time) : IDhtAdmin
{
    private const int NamedIds = 8;

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

    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    public async Task<KeyPage> ScanAsync(string prefix, NodeId? after, int count, CancellationToken cancellationToken = default)
    {
        var (keys, next) = await ReadAsync(AdminArguments.CheckPage(prefix, count), after, count, withPublished: false, KeySummary.Of, cancellationToken);
        return new KeyPage(keys, next);
    }

    public async Task<PublicationPage> ScanPublicationsAsync(NodeId? after, int count, CancellationToken cancellationToken = default)
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
        [EnumeratorCancellation] CancellationToken cancellationToken = default)
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

    public async Task<DhtUsage> GetUsageAsync(CancellationToken cancellationToken = default)
    {
        var usages = await calls.AskShardsAsync(grain => grain.GetUsageAsync(), usage => (ShardUsage?)usage, cancellationToken);
        DhtShardUsage[] counted = [.. usages.Index().Where(shard => shard.Item is not null).Select(shard => UsageOf(shard.Index, shard.Item!.Value))];
        return new DhtUsage(
            counted.Sum(shard => shard.Keys), counted.Sum(shard => shard.Bytes), counted, NumbersOf(usages, usage => usage is null))
        {
            Kept = counted.Sum(shard => shard.Kept),
            MostKept = limits.Values.Quota.KeptKeys,
        };

        static DhtShardUsage UsageOf(long shard, ShardUsage usage) => new(shard, usage.Keys, usage.Bytes) { Kept = usage.Kept };
    }

    public async Task<DhtSources> GetSourcesAsync(int count, CancellationToken cancellationToken = default)
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

    public async Task<KeyDetails> DescribeKeyAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        var limit = calls.Limit();
        var held = (await calls.CallShardAsync(known.Layout.ShardOf(key), shard => shard.GetAsync([key]), limit, cancellationToken))[0];
        var described = new KeyDetails(key, held, held?.LastPublished, []);
        try
        {
            return described with
            {
                Nearest = await calls.CallEdgeAsync(edge => edge.AskHoldersAsync(key, cancellationToken), limit, cancellationToken),
            };
        }
        catch (Exception e) when (!cancellationToken.IsCancellationRequested)
        {
            return described with { NetworkProblem = e.Message };
        }
    }

    public async Task<DateTimeOffset?> FindKeptAsync(NodeId key, CancellationToken cancellationToken = default) =>
        (await calls.CallShardAsync(known.Layout.ShardOf(key), shard => shard.GetAsync([key]), calls.Limit(), cancellationToken))[0]?.KeptUntil;

    public async Task<KeyDeletion> DeleteAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        var limit = calls.Limit();
        var shard = known.Layout.ShardOf(key);
        var published = await calls.ChangeShardAsync(shard, grain => grain.UnpublishAsync([key]), limit, cancellationToken);
        var removed = await calls.ChangeShardAsync(shard, grain => grain.RemoveAsync([key]), limit, cancellationToken);
        return new KeyDeletion(removed[0], published[0]);
    }

    public async Task<IReadOnlyList<StoreResult>> ImportAsync(
        IReadOnlyList<KeyValuePair<NodeId, StoredValue>> values, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckValues(values);
        var limit = calls.Limit();
        var layout = known.Layout;
        var results = values.Select(value => StoreRules.FindRefusal(value.Value.Value)).ToArray();
        var allowed = values.Index().Where(value => results[value.Index] is null).ToLookup(value => layout.ShardOf(value.Item.Key));
        await Task.WhenAll(allowed.Select(async ofShard =>
        {
            ShardPut[] puts = [.. ofShard.Select(value => ShardPut.Of(value.Item.Key, value.Item.Value, PutKind.Import))];
            var stored = await calls.CallShardAsync(ofShard.Key, grain => grain.PutAsync(puts), limit, cancellationToken);
            foreach (var (value, result) in ofShard.Zip(stored))
            {
                results[value.Index] = result;
            }
        }));
        return [.. results.Select(result => result!.Value)];
    }

    public async Task<TableDetails> GetTableAsync(NodeId? id = null, CancellationToken cancellationToken = default)
    {
        var limit = calls.Limit();
        var edges = (await calls.CallOneAsync(static (IEdgeDirectoryGrain grain) => grain.ListAsync(known: 0), cancellationToken)).Edges;

        // A grain of an id that no edge has would create a table.
        var own = edges.SelectMany(edge => edge.NodeIds).ToList();
        var shown = id ?? (own.Count == 1 ? own[0] : null);
        if (shown is not { } node || !own.Contains(node))
        {
            throw new ArgumentException(
                $"{(id is null ? "No node id is given" : $"The node id {id} is no live edge's")}; the cluster has "
                + (own.Count == 0 ? "no live edge." : $"{string.Join(", ", own.Take(NamedIds))}{(own.Count > NamedIds ? $" and {own.Count - NamedIds} more" : string.Empty)}."));
        }

        var buckets = await calls.CallTableAsync(node, static table => table.DescribeAsync(), limit, cancellationToken);
        var snapshot = await calls.CallTableAsync(node, static table => table.GetSnapshotAsync(), limit, cancellationToken);
        var former = await calls.CallTableAsync(node, static table => table.GetFormerAsync(), limit, cancellationToken);
        return TableDetails.Of(node, buckets, snapshot.Contacts) with { Former = [.. former.Select(contact => contact.ToKnown())] };
    }

    public async Task<LookupTrace> TraceLookupAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken = default)
    {
        var trace = await calls.CallEdgeAsync(edge => edge.TraceLookupAsync(target, kind, cancellationToken), calls.Limit(), cancellationToken);
        return trace with { Outcome = trace.Outcome with { Target = target } };
    }

    public async Task<IReadOnlyList<EdgeDetails>> GetEdgesAsync(CancellationToken cancellationToken = default) =>
    [
        .. (await calls.CallOneAsync(static (IEdgeDirectoryGrain grain) => grain.GetNamesAsync(), cancellationToken)).Select(edge => new EdgeDetails(
            edge.Name,
            edge switch
            {
                { IsDrained: true } => EdgeLeaseState.Drained,
                { Live: not null } => EdgeLeaseState.Live,
                { IsReleased: true } => EdgeLeaseState.Released,
                _ => EdgeLeaseState.Silent,
            },
            edge.NodeIds,
            edge.Report?.Endpoints ?? [],
            edge.Report?.Contacts ?? 0,
            edge.Epoch,
            edge.LastSeen)
        {
            Sweep = edge.Report?.Sweep,
            Sent = edge.Report is { Counts.Count: > 0 } report
                ? report.Counts.GetValueOrDefault("values.republished") + report.Counts.GetValueOrDefault("values.published")
                : null,
        }),
    ];

    public Task<bool> ChangeEdgeAsync(string name, EdgeAction action, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        return calls.ChangeOneAsync((IEdgeDirectoryGrain grain) => grain.ChangeAsync(name, Enum.Parse<NameChange>($"{action}")), cancellationToken);
    }

    public async Task<IReadOnlyList<ContactDetails>> GetContactAsync(NodeId id, CancellationToken cancellationToken = default) =>
    [
        .. (await calls.AskTablesAsync(table => table.FindAsync(id), cancellationToken)).SelectMany(
            found => found.Result.Select(known => new ContactDetails(found.Table, known.ToKnown()))),
    ];

    public async Task<int> DropContactAsync(NodeId id, CancellationToken cancellationToken = default) =>
        (await calls.ChangeTablesAsync(table => table.DropAsync(id), cancellationToken)).Count(table => table.Result);

    public async Task<int> RunAsync(DhtWork work, CancellationToken cancellationToken = default) => work == DhtWork.Republish
        ? (await calls.ChangeShardsAsync(grain => grain.RepublishAsync(), isBegun => isBegun, cancellationToken)).Count(isBegun => isBegun)
        : (await calls.ChangeTablesAsync(table => table.RunAsync(work == DhtWork.Walk), cancellationToken)).Count(table => table.Result);

    public async Task<DateTimeOffset?> FindNextDueAsync(CancellationToken cancellationToken = default) =>
        (await calls.AskShardsAsync(static grain => grain.GetNextDueAsync(), static due => due, cancellationToken)).Min();

    public Task<ShardCount> GetShardsAsync(CancellationToken cancellationToken = default) =>
        calls.CallOneAsync<IClusterGrain, ShardCount>(grain => CountAsync(async () => await grain.GetShardsAsync()), cancellationToken);

    public Task<ShardCount> DoubleShardsAsync(int count, CancellationToken cancellationToken = default) =>
        calls.CallOneAsync<IClusterGrain, ShardCount>(grain => CountAsync(async () => await grain.DoubleShardsFromAsync(count)), cancellationToken);

    public Task<IReadOnlyList<SiloDetails>> GetSilosAsync(CancellationToken cancellationToken = default) =>
        silos.ReadAsync().WaitAsync(cancellationToken);

    public Task<ShardDetails> FindShardAsync(NodeId key, CancellationToken cancellationToken = default) =>
        silos.FindShardAsync(known.Layout.ShardOf(key)).WaitAsync(cancellationToken);

    public Task<ShardDetails> GetShardAsync(int number, CancellationToken cancellationToken = default)
    {
        var layout = known.Layout;
        return number >= 0 && number < layout.Count
            ? silos.FindShardAsync(layout.ShardAt(number)).WaitAsync(cancellationToken)
            : Task.FromException<ShardDetails>(new ArgumentException($"The shard is {number}; 0 to {layout.Count - 1} is allowed."));
    }

    public Task RecordAsync(AuditEntry entry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var record = new AuditRecord(0, entry.Time, entry.Who, entry.Action, entry.Target, entry.Succeeded, entry.Result);
        return calls.CallOneAsync(
            async (IAuditGrain log) =>
            {
                await log.AppendAsync(record);
                return true;
            },
            cancellationToken);
    }

    public async Task<IReadOnlyList<AuditEntry>> ReadAuditAsync(int count, long? before = null, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckCount(count);
        return
        [
            .. (await calls.CallOneAsync((IAuditGrain log) => log.ReadAsync(count, before), cancellationToken)).Select(read =>
                new AuditEntry(read.Time, read.Who, read.Action, read.Target, read.Succeeded, read.Result) { Number = read.Number }),
        ];
    }

    public async Task<BanList> GetBansAsync(CancellationToken cancellationToken = default)
    {
        var rules = await calls.CallOneAsync(static (IRulesGrain rules) => rules.GetAsync(), cancellationToken);
        return new BanList(BanEntry.Read(rules.Bans.Select(ban => (ban.Ban, ban.Since))), rules.Missing);
    }

    public Task<BanChange> BanAsync(Ban ban, CancellationToken cancellationToken = default) => BanAsync(ban, isBanned: true, cancellationToken);

    public Task<BanChange> UnbanAsync(Ban ban, CancellationToken cancellationToken = default) => BanAsync(ban, isBanned: false, cancellationToken);

    public async Task<LimitList> GetLimitsAsync(CancellationToken cancellationToken = default)
    {
        await FetchLimitsAsync(cancellationToken);
        var rules = await calls.CallOneAsync(static (IRulesGrain rules) => rules.GetAsync(), cancellationToken);

        // Another release may have other limits.
        return new LimitList(
            [
                .. rules.Limits.Where(limit => Limit.Find(limit.Name) is not null)
                    .Select(limit => new LimitDetails(Limit.Parse(limit.Name), limit.Setting, limit.Value, limit.Since, limit.Most)),
            ],
            [.. rules.Missing, .. rules.MissingSilos]);
    }

    public async Task<LimitChange> SetLimitAsync(string name, long? value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        var change = await calls.ChangeOneAsync((IRulesGrain rules) => rules.SetLimitAsync(name, value), cancellationToken);
        await FetchLimitsAsync(cancellationToken);
        return new LimitChange(change.Changed, [.. change.Missing.Where(missing => missing != limits.Name)]);
    }

    public async Task<CrawlReport> StartCrawlAsync(CrawlRequest? request = null, CancellationToken cancellationToken = default)
    {
        request ??= new CrawlRequest();
        AdminArguments.Check(request);
        return CrawlReportJson.Read(await calls.ChangeOneAsync((ICrawlGrain crawls) => crawls.StartAsync(request.Rate, request.MaxNodes), cancellationToken));
    }

    public IAsyncEnumerable<CrawlReport> CrawlAsync(string? id = null, CancellationToken cancellationToken = default) => CrawlWatch.RunAsync(
        async stop => await FindCrawlAsync(id ??= (await StartCrawlAsync(null, stop)).Id, stop),
        stop => Task.Delay(ReportInterval, stop),
        cancellationToken);

    public async Task<IReadOnlyList<CrawlReport>> GetCrawlsAsync(CancellationToken cancellationToken = default) =>
        [.. (await calls.CallOneAsync(static (ICrawlGrain crawls) => crawls.ListAsync(), cancellationToken)).Select(CrawlReportJson.Read)];

    public async IAsyncEnumerable<CrawlRecord> ReadCrawlAsync(
        string id, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await FindCrawlAsync(id, cancellationToken);
        for (int? position = 0; position is { } next;)
        {
            var part = await calls.CallOneAsync((ICrawlGrain crawls) => crawls.ReadAsync(id, next), cancellationToken);
            foreach (var record in part.Page is { } page ? CrawlPage.Decode(page) : [])
            {
                yield return record;
            }

            position = part.Next;
        }
    }

    public async Task<bool> StopCrawlAsync(string id, CancellationToken cancellationToken = default)
    {
        await FindCrawlAsync(id, cancellationToken);
        return await calls.ChangeOneAsync((ICrawlGrain crawls) => crawls.StopAsync(id), cancellationToken);
    }

    private async Task<CrawlReport> FindCrawlAsync(string id, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(id);
        return await calls.CallOneAsync((ICrawlGrain crawls) => crawls.GetAsync(id), cancellationToken) is { } report
            ? CrawlReportJson.Read(report)
            : throw AdminArguments.UnknownCrawl(id);
    }

    /// <summary>Has this silo apply the newest limits now. The others ask within 15 s.</summary>
    private Task<bool> FetchLimitsAsync(CancellationToken cancellationToken) =>
        calls.CallOneAsync((IRulesGrain _) => limits.FetchAsync(), cancellationToken);

    private static async ValueTask<ShardCount> CountAsync(Func<Task<ShardStatus?>> call)
    {
        try
        {
            var status = await call() ?? throw new ArgumentException("The cluster has no settings yet: its first silo makes them when it starts.");
            return new ShardCount(status.Count, status.Split);
        }
        catch (InvalidOperationException e)
        {
            throw new ArgumentException(e.Message);
        }
    }

    private async Task<BanChange> BanAsync(Ban ban, bool isBanned, CancellationToken cancellationToken)
    {
        var change = await calls.ChangeOneAsync((IRulesGrain rules) => rules.BanAsync(ban.ToString(), isBanned), cancellationToken);
        return new BanChange(change.Changed, change.Missing);
    }

    // A page of live keys, or also of expired ones that the cluster publishes, each as map returns it. Next is null after the last page.
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

    private async Task<(SourceMerge Merge, IReadOnlyList<long> Missing)> MergeAsync(
        Func<IKeyShardGrain, ValueTask<ShardSources>> call, CancellationToken cancellationToken)
    {
        var merge = new SourceMerge(MergedSources);
        var responded = await calls.AskShardsAsync(call, Take, cancellationToken);
        return (merge, NumbersOf(responded, isMerged => !isMerged));

        bool Take(ShardSources sources)
        {
            // Guards the merge: shards respond on several threads.
            lock (merge)
            {
                merge.Add(sources.ToRanking());
                return true;
            }
        }
    }

    private static IReadOnlyList<long> NumbersOf<T>(IEnumerable<T> shards, Func<T, bool> which) =>
        [.. shards.Index().Where(shard => which(shard.Item)).Select(shard => (long)shard.Index)];
}
