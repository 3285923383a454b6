using System.Runtime.CompilerServices;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Crawling;
using KadOrleans.Core.Limits;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Crawling;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Managing;

namespace KadOrleans.Client;

/// <summary>
/// Manages a cluster, from within a silo. Of another process the silos refuse it with <see cref="UnauthorizedAccessException"/> if they have
/// a <c>Kad:Cluster:EdgeKey</c>, as an Orleans client cannot prove that it may manage. The HTTP API of a silo has tokens for that.
/// </summary>
/// <param name="grains">A silo's grain factory, or a connected client's.</param>
public sealed class DhtAdminClient(IGrainFactory grains) : IDhtAdmin
{
    private readonly IClusterSilos? _silos;

    // A cluster marks the values that it publishes, and most of what it holds may be of others.
    private const int PagesPerPublicationPage = 8;

    private static readonly TimeSpan ReportInterval = TimeSpan.FromSeconds(1);

    /// <summary>Manages a cluster.</summary>
    /// <param name="grains">A silo's grain factory, or a connected client's.</param>
    /// <param name="silos">What this process's silo knows of the silos, without a call. Null: a silo is asked.</param>
    internal DhtAdminClient(IGrainFactory grains, IClusterSilos? silos)
        : this(grains) => _silos = silos;

    /// <inheritdoc/>
    public async Task<KeyPage> ScanAsync(string prefix, NodeId? after, int count, CancellationToken cancellationToken = default)
    {
        var region = AdminArguments.CheckPage(prefix, count);
        var page = await CallAsync(admin => admin.ScanAsync(region, after, count), cancellationToken);
        return new KeyPage(
            [.. page.Keys.Select(key => new KeySummary(key.Key, key.Kind, key.Length, key.StoredAt, key.ExpiresAt, key.Source))], page.Next);
    }

    /// <inheritdoc/>
    public async Task<PublicationPage> ScanPublicationsAsync(NodeId? after, int count, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckCount(count);
        var found = new List<PublicationSummary>();
        for (var read = 0; read < PagesPerPublicationPage; read++)
        {
            var begin = after;
            var page = await CallAsync(admin => admin.ScanAsync(KeyRegion.Everywhere, begin, IDhtAdmin.MaxPage), cancellationToken);
            foreach (var (key, kind, length, _, _, _, publishedAt) in page.Keys)
            {
                if (found.Count == count)
                {
                    return new PublicationPage(found, found[^1].Key);
                }

                if (publishedAt is { } time)
                {
                    found.Add(new PublicationSummary(key, kind, length, time));
                }
            }

            after = page.Next;
            if (after is null)
            {
                break;
            }
        }

        return new PublicationPage(found, after);
    }

    /// <inheritdoc/>
    public async Task<KeyDetails> DescribeKeyAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        var details = await CallAsync(admin => admin.DescribeKeyAsync(key), cancellationToken);
        return new KeyDetails(
            key,
            details.Held,
            PendingPublication.TimeOf(details.Held?.PublishedAt),
            [.. details.Nearest.Select(holder => new KeyHolder(holder.Contact, holder.Answered, holder.Value))],
            details.NetworkProblem);
    }

    /// <inheritdoc/>
    public async Task<KeyDeletion> DeleteAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        var deletion = await CallAsync(admin => admin.DeleteAsync(key), cancellationToken);
        return new KeyDeletion(deletion.WasHeld, deletion.WasPublished);
    }

    /// <inheritdoc/>
    public async Task<DhtUsage> GetUsageAsync(CancellationToken cancellationToken = default)
    {
        var shards = await CallAsync(static admin => admin.GetUsageAsync(), cancellationToken);
        var counted = shards.Where(shard => shard.Usage is not null)
            .Select(shard => new DhtShardUsage(shard.Shard, shard.Usage!.Value.Keys, shard.Usage.Value.Bytes)).ToList();
        return new DhtUsage(
            counted.Sum(shard => shard.Keys),
            counted.Sum(shard => shard.Bytes),
            counted,
            [.. shards.Where(shard => shard.Usage is null).Select(shard => shard.Shard)]);
    }

    /// <inheritdoc/>
    public async Task<DhtSources> GetSourcesAsync(int count, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckCount(count, IDhtAdmin.MaxSources);
        var sources = await CallAsync(admin => admin.GetSourcesAsync(count), cancellationToken);
        return new DhtSources(sources.Ranking.ToRanking(), sources.Missing);
    }

    /// <inheritdoc/>
    public async Task<TableDetails> GetTableAsync(NodeId? id = null, CancellationToken cancellationToken = default)
    {
        var table = await CallAsync(admin => admin.GetTableAsync(id), cancellationToken);
        return TableDetails.Of(table.Id, table.Buckets, table.Contacts);
    }

    /// <inheritdoc/>
    public async Task<LookupTrace> TraceLookupAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken = default) =>
        (await CallAsync(admin => admin.TraceLookupAsync(target, kind), cancellationToken)).ToTrace(target);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<EdgeDetails>> GetEdgesAsync(CancellationToken cancellationToken = default) =>
    [
        .. (await CallAsync(static admin => admin.GetEdgesAsync(), cancellationToken)).Select(edge => new EdgeDetails(
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
            edge.LastSeen)),
    ];

    /// <inheritdoc/>
    public Task<bool> ChangeEdgeAsync(string name, EdgeAction action, CancellationToken cancellationToken = default) => CallAsync(
        admin => admin.ChangeEdgeAsync(name, action switch
        {
            EdgeAction.Drain => NameChange.Drain,
            EdgeAction.Resume => NameChange.Resume,
            EdgeAction.RotateIds => NameChange.RotateIds,
            _ => NameChange.Forget,
        }),
        cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<ContactDetails>> GetContactAsync(NodeId id, CancellationToken cancellationToken = default) =>
    [
        .. (await CallAsync(admin => admin.GetContactAsync(id), cancellationToken)).Select(contact => new ContactDetails(
            contact.Table,
            new KnownContact(
                contact.Known.Contact, contact.Known.IsReplacement, contact.Known.FirstSeen, contact.Known.LastSeen, contact.Known.Failures))),
    ];

    /// <inheritdoc/>
    public Task<int> DropContactAsync(NodeId id, CancellationToken cancellationToken = default) =>
        CallAsync(admin => admin.DropContactAsync(id), cancellationToken);

    /// <inheritdoc/>
    public Task<int> RunAsync(DhtWork work, CancellationToken cancellationToken = default) => CallAsync(
        admin => work == DhtWork.Republish ? admin.RunShardsAsync() : admin.RunTablesAsync(work == DhtWork.Walk), cancellationToken);

    /// <inheritdoc/>
    public async Task<ShardCount> GetShardsAsync(bool isDoubled = false, CancellationToken cancellationToken = default)
    {
        var shards = await CallAsync(admin => admin.GetShardsAsync(isDoubled), cancellationToken);
        return new ShardCount(shards.Count, shards.Split);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<SiloDetails>> GetSilosAsync(CancellationToken cancellationToken = default)
    {
        var read = _silos is { } silos
            ? await silos.ReadAsync().WaitAsync(cancellationToken)
            : await CallAsync(static admin => admin.GetSilosAsync(), cancellationToken);
        return
        [
            .. read.Select(silo => new SiloDetails(
                silo.Address.ToString(),
                silo.Name,
                silo.Status.ToString(),
                silo.StartedAt,
                silo.LastHeard,
                silo.ClockDifference,
                silo.Version,
                silo.IsReady,
                silo.Reason,
                silo.HasDirectory)),
        ];
    }

    /// <inheritdoc/>
    public Task<ShardDetails> FindShardAsync(NodeId key, CancellationToken cancellationToken = default) => FindShardAsync(key, 0, cancellationToken);

    /// <inheritdoc/>
    public Task<ShardDetails> GetShardAsync(int number, CancellationToken cancellationToken = default) => FindShardAsync(null, number, cancellationToken);

    private async Task<ShardDetails> FindShardAsync(NodeId? key, int number, CancellationToken cancellationToken)
    {
        var shard = _silos is { } silos
            ? await silos.FindShardAsync(key, number).WaitAsync(cancellationToken)
            : await CallAsync(admin => admin.FindShardAsync(key, number), cancellationToken);
        return new ShardDetails(
            shard.Number, shard.Name, [.. shard.Silos.Select(silo => silo.ToString())], [.. shard.Missing.Select(silo => silo.ToString())]);
    }

    /// <inheritdoc/>
    public Task NoteAsync(AuditEntry entry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        var record = new AuditRecord(0, entry.Time, entry.Who, entry.Action, entry.Target, entry.Succeeded, entry.Result);
        return CallAsync(admin => admin.NoteAsync(record), cancellationToken);
    }

    /// <inheritdoc/>
    public async Task<IReadOnlyList<AuditEntry>> ReadAuditAsync(int count, long? before = null, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckCount(count);
        return
        [
            .. (await CallAsync(admin => admin.ReadAuditAsync(count, before), cancellationToken)).Select(read =>
                new AuditEntry(read.Time, read.Who, read.Action, read.Target, read.Succeeded, read.Result) { Number = read.Number }),
        ];
    }

    /// <inheritdoc/>
    public async Task<BanList> GetBansAsync(CancellationToken cancellationToken = default)
    {
        var rules = await CallAsync(static admin => admin.GetRulesAsync(), cancellationToken);
        return new BanList(BanEntry.Read(rules.Bans.Select(ban => (ban.Ban, ban.Since))), rules.Missing);
    }

    /// <inheritdoc/>
    public Task<BanChange> BanAsync(Ban ban, CancellationToken cancellationToken = default) => BanAsync(ban, isBanned: true, cancellationToken);

    /// <inheritdoc/>
    public Task<BanChange> UnbanAsync(Ban ban, CancellationToken cancellationToken = default) => BanAsync(ban, isBanned: false, cancellationToken);

    private async Task<BanChange> BanAsync(Ban ban, bool isBanned, CancellationToken cancellationToken)
    {
        var change = await CallAsync(admin => admin.BanAsync(ban.ToString(), isBanned), cancellationToken);
        return new BanChange(change.Changed, change.Missing);
    }

    /// <inheritdoc/>
    public async Task<LimitList> GetLimitsAsync(CancellationToken cancellationToken = default)
    {
        var rules = await CallAsync(static admin => admin.GetRulesAsync(), cancellationToken);

        // Another release may have other limits.
        return new LimitList(
            [
                .. rules.Limits.Where(limit => Limit.Find(limit.Name) is not null)
                    .Select(limit => new LimitDetails(Limit.Parse(limit.Name), limit.Setting, limit.Value, limit.Since, limit.Most)),
            ],
            [.. rules.Missing, .. rules.MissingSilos]);
    }

    /// <inheritdoc/>
    public async Task<LimitChange> SetLimitAsync(string name, long? value, CancellationToken cancellationToken = default)
    {
        var change = await CallAsync(admin => admin.SetLimitAsync(name, value), cancellationToken);
        return new LimitChange(change.Changed, change.Missing);
    }

    /// <inheritdoc/>
    public async Task<CrawlReport> StartCrawlAsync(CrawlRequest? request = null, CancellationToken cancellationToken = default)
    {
        request ??= new CrawlRequest();
        AdminArguments.Check(request);
        return CrawlReportJson.Read(await CallCrawlsAsync(crawls => crawls.StartAsync(request.Rate, request.MaxNodes), cancellationToken));
    }

    /// <inheritdoc/>
    public IAsyncEnumerable<CrawlReport> CrawlAsync(string? id = null, CancellationToken cancellationToken = default) => CrawlWatch.RunAsync(
        async stop => await FindCrawlAsync(id ??= (await StartCrawlAsync(null, stop)).Id, stop),
        stop => Task.Delay(ReportInterval, stop),
        cancellationToken);

    /// <inheritdoc/>
    public async Task<IReadOnlyList<CrawlReport>> GetCrawlsAsync(CancellationToken cancellationToken = default) =>
        [.. (await CallCrawlsAsync(static crawls => crawls.ListAsync(), cancellationToken)).Select(CrawlReportJson.Read)];

    /// <inheritdoc/>
    public async IAsyncEnumerable<CrawlRecord> ReadCrawlAsync(
        string id, [EnumeratorCancellation] CancellationToken cancellationToken = default)
    {
        await FindCrawlAsync(id, cancellationToken);
        for (int? position = 0; position is { } next;)
        {
            var part = await CallCrawlsAsync(crawls => crawls.ReadAsync(id, next), cancellationToken);
            foreach (var record in part.Page is { } page ? CrawlPage.Decode(page) : [])
            {
                yield return record;
            }

            position = part.Next;
        }
    }

    /// <inheritdoc/>
    public async Task<bool> StopCrawlAsync(string id, CancellationToken cancellationToken = default)
    {
        await FindCrawlAsync(id, cancellationToken);
        return await CallCrawlsAsync(crawls => crawls.StopAsync(id), cancellationToken);
    }

    private async Task<CrawlReport> FindCrawlAsync(string id, CancellationToken cancellationToken) =>
        await CallCrawlsAsync(crawls => crawls.GetAsync(id), cancellationToken) is { } report
            ? CrawlReportJson.Read(report)
            : throw AdminArguments.UnknownCrawl(id);

    private Task<T> CallCrawlsAsync<T>(Func<ICrawlGrain, ValueTask<T>> call, CancellationToken cancellationToken) =>
        ClusterCalls.RunAsync(() => call(grains.GetGrain<ICrawlGrain>(GrainKeys.Singleton)), cancellationToken);

    private Task<T> CallAsync<T>(Func<IDhtAdminGrain, ValueTask<T>> call, CancellationToken cancellationToken) =>
        ClusterCalls.RunAsync(() => call(grains.GetGrain<IDhtAdminGrain>(GrainKeys.Singleton)), cancellationToken);
}
