using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Crawling;
using KadOrleans.Core.Limits;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;
using KadOrleans.Node.Crawling;
using KadOrleans.Node.Local;
using KadOrleans.Node.Ports;
using KadOrleans.Watching;

namespace KadOrleans.Node.Managing;

/// <summary>Looks into a node and changes what it holds.</summary>
/// <param name="engine">Returns the engine of a started node.</param>
/// <param name="table">Returns its table.</param>
/// <param name="run">Begins work of a started node; false if it has enough to do.</param>
/// <param name="store">Its keys.</param>
/// <param name="publications">What it publishes.</param>
/// <param name="rules">What its operator has set.</param>
/// <param name="watches">Hear of deletions.</param>
/// <param name="crawls">Its crawls.</param>
/// <param name="time">The clock of expiry.</param>
internal sealed class NodeAdmin(
    Func<DhtNode> engine,
    Func<LocalRoutingTable> table,
    Func<MaintenanceTask, bool> run,
    IKeyStore store,
    IPublicationStore publications,
    NodeRuleBook rules,
    KeyWatches watches,
    NodeCrawls crawls,
    TimeProvider time) : IDhtAdmin
{
    public async Task<KeyPage> ScanAsync(string prefix, NodeId? after, int count, CancellationToken cancellationToken = default)
    {
        var region = AdminArguments.CheckPage(prefix, count);
        var now = time.GetUtcNow();

        // The store has no order. The first walk reads no values, and one key more tells whether others follow.
        var lowest = new Lowest<NodeId>(count + 1);
        await foreach (var _ in store.ScanAsync(region, Note, cancellationToken))
        {
        }

        var keys = lowest.Items;
        var next = keys.Count > count ? keys[count - 1] : default(NodeId?);
        HashSet<NodeId> wanted = [.. keys.Take(count)];
        var found = await store.ScanAsync(region, life => wanted.Contains(life.Key), cancellationToken)
            .Where(entry => !entry.Value.IsExpired(now))
            .Select(entry => KeySummary.Of(entry.Key, entry.Value))
            .OrderBy(entry => entry.Key)
            .ToListAsync(cancellationToken);
        return new KeyPage(found, next);

        bool Note(KeyLife life)
        {
            if (life.ExpiresAt > now && !(life.Key <= after) && lowest.Takes(life.Key))
            {
                lowest.Add(life.Key, life.Key);
            }

            return false;
        }
    }

    public async Task<PublicationPage> ScanPublicationsAsync(NodeId? after, int count, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckCount(count);

        // The store has no order. One more than asked for tells whether others follow.
        var lowest = new Lowest<PublicationSummary>(count + 1);
        await foreach (var (key, (value, publishedAt)) in publications.ScanAsync(cancellationToken))
        {
            if (!(key <= after) && lowest.Takes(key))
            {
                lowest.Add(key, new PublicationSummary(key, value.Kind, value.ContentLength, publishedAt));
            }
        }

        var found = lowest.Items;
        return new PublicationPage([.. found.Take(count)], found.Count > count ? found[count - 1].Key : null);
    }

    public async Task<KeyDetails> DescribeKeyAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        var held = await store.GetAsync(key, time.GetUtcNow(), cancellationToken);
        var published = await publications.GetAsync(key, cancellationToken);
        return new KeyDetails(key, held, published?.PublishedAt, await engine().AskHoldersAsync(key, cancellationToken));
    }

    // In the turn of those who publish the key: a set that has begun ends before.
    public Task<KeyDeletion> DeleteAsync(NodeId key, CancellationToken cancellationToken = default) =>
        engine().Turns.RunAsync(key, async () =>
        {
            var wasPublished = await publications.RemoveAsync(key, cancellationToken);
            var wasHeld = await store.RemoveAsync(key, cancellationToken);
            watches.Post(key, KeyNotice.Of(null));
            return new KeyDeletion(wasHeld, wasPublished);
        });

    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ReadValuesAsync(CancellationToken cancellationToken = default) =>
        store.ScanAsync(cancellationToken).Where(entry => !entry.Value.IsExpired(time.GetUtcNow()));

    // A node keeps its own publications elsewhere. A value that a cluster published is an ordinary value here.
    public async Task<IReadOnlyList<StoreResult>> ImportAsync(
        IReadOnlyList<KeyValuePair<NodeId, StoredValue>> values, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckCount(values.Count);
        return await Task.WhenAll(values.Select(value =>
            store.PutAsync(value.Key, value.Value with { PublishedAt = null }, PutKind.Import, cancellationToken).AsTask()));
    }

    public async Task<DhtUsage> GetUsageAsync(CancellationToken cancellationToken = default)
    {
        var usage = await store.GetUsageAsync(cancellationToken);
        return new DhtUsage(usage.Keys, usage.Bytes, [], []);
    }

    public async Task<DhtSources> GetSourcesAsync(int count, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckCount(count, IDhtAdmin.MaxSources);
        return new DhtSources(await store.GetSourcesAsync(count, cancellationToken), []);
    }

    public Task<TableDetails> GetTableAsync(NodeId? id = null, CancellationToken cancellationToken = default)
    {
        var node = engine();
        return id is { } other && other != node.Id
            ? throw new ArgumentException($"The node id {other} is not this node's, which is {node.Id}.")
            : Task.FromResult(TableDetails.Of(node.Id, table().Describe(), node.RoutingTable.Contacts));
    }

    public Task<LookupTrace> TraceLookupAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken = default) =>
        engine().TraceLookupAsync(target, kind, cancellationToken);

    public Task<IReadOnlyList<EdgeDetails>> GetEdgesAsync(CancellationToken cancellationToken = default) => Task.FromResult<IReadOnlyList<EdgeDetails>>([]);

    public Task<bool> ChangeEdgeAsync(string name, EdgeAction action, CancellationToken cancellationToken = default) =>
        throw new ArgumentException("This is one node, which has no edges; a cluster has.");

    public Task<IReadOnlyList<ContactDetails>> GetContactAsync(NodeId id, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<ContactDetails>>([.. table().Find(id).Select(known => new ContactDetails(engine().Id, known))]);

    public Task<int> DropContactAsync(NodeId id, CancellationToken cancellationToken = default)
    {
        var held = table().Find(id);
        foreach (var drop in KnownContact.DropsOf(held))
        {
            table().Observe(drop);
        }

        return Task.FromResult(held.Count > 0 ? 1 : 0);
    }

    public Task<int> RunAsync(DhtWork work, CancellationToken cancellationToken = default)
    {
        MaintenanceTask task = work switch
        {
            DhtWork.Refresh => new MaintenanceTask.RefreshBuckets([.. table().Describe().Select(bucket => bucket.Range)]),
            DhtWork.Walk => new MaintenanceTask.Walk(),
            _ => new MaintenanceTask.Republish(),
        };
        return Task.FromResult(run(task) ? 1 : 0);
    }

    public Task<ShardCount> GetShardsAsync(bool isDoubled = false, CancellationToken cancellationToken = default) => throw NoShards();

    public Task<IReadOnlyList<SiloDetails>> GetSilosAsync(CancellationToken cancellationToken = default) => Task.FromResult<IReadOnlyList<SiloDetails>>([]);

    public Task<ShardDetails> FindShardAsync(NodeId key, CancellationToken cancellationToken = default) => throw NoShards();

    public Task<ShardDetails> GetShardAsync(int number, CancellationToken cancellationToken = default) => throw NoShards();

    public Task NoteAsync(AuditEntry entry, CancellationToken cancellationToken = default) => rules.NoteAsync(entry, cancellationToken);

    public Task<IReadOnlyList<AuditEntry>> ReadAuditAsync(int count, long? before = null, CancellationToken cancellationToken = default) =>
        rules.ReadAuditAsync(count, before, cancellationToken);

    public Task<BanList> GetBansAsync(CancellationToken cancellationToken = default) => Task.FromResult(new BanList(rules.Rules.Bans, []));

    public async Task<BanChange> BanAsync(Ban ban, CancellationToken cancellationToken = default) =>
        new(await rules.BanAsync(ban, isBanned: true, cancellationToken), []);

    public async Task<BanChange> UnbanAsync(Ban ban, CancellationToken cancellationToken = default) =>
        new(await rules.BanAsync(ban, isBanned: false, cancellationToken), []);

    public Task<LimitList> GetLimitsAsync(CancellationToken cancellationToken = default)
    {
        var node = engine();
        return Task.FromResult(new LimitList(LimitDetails.List(node.Rules.Settings, rules.Rules.Limits, node.Options.MostKeys, isCluster: false), []));
    }

    public async Task<LimitChange> SetLimitAsync(string name, long? value, CancellationToken cancellationToken = default) =>
        new(await rules.SetLimitAsync(name, value, cancellationToken), []);

    public Task<CrawlReport> StartCrawlAsync(CrawlRequest? request = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(crawls.Start(request ?? new CrawlRequest()));

    public IAsyncEnumerable<CrawlReport> CrawlAsync(string? id = null, CancellationToken cancellationToken = default) =>
        crawls.WatchAsync(id, cancellationToken);

    public Task<IReadOnlyList<CrawlReport>> GetCrawlsAsync(CancellationToken cancellationToken = default) => crawls.ListAsync(cancellationToken);

    public IAsyncEnumerable<CrawlRecord> ReadCrawlAsync(string id, CancellationToken cancellationToken = default) =>
        crawls.ReadAsync(id, cancellationToken);

    public Task<bool> StopCrawlAsync(string id, CancellationToken cancellationToken = default) => crawls.StopAsync(id, cancellationToken);

    /// <summary>What belongs to the lowest of many keys, in memory for these alone.</summary>
    private sealed class Lowest<T>(int count)
    {
        private readonly PriorityQueue<T, NodeId> _items = new(Comparer<NodeId>.Create((one, other) => other.CompareTo(one)));

        /// <summary>In the order of their keys.</summary>
        public IReadOnlyList<T> Items => [.. _items.UnorderedItems.OrderBy(item => item.Priority).Select(item => item.Element)];

        /// <summary>Whether a key is one of the lowest so far.</summary>
        public bool Takes(NodeId key) => _items.Count < count || (_items.TryPeek(out _, out var highest) && key < highest);

        /// <summary>Adds a key that it takes. The highest one goes if there are too many.</summary>
        public void Add(NodeId key, T item)
        {
            if (_items.Count < count)
            {
                _items.Enqueue(item, key);
            }
            else
            {
                _items.EnqueueDequeue(item, key);
            }
        }
    }

    private static ArgumentException NoShards() => new("This is one node, which has no shards; a cluster has.");
}
