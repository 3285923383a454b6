namespace KadOrleans.Node;

internal sealed class NodeAdmin(
    Func<NodeParts> parts,
    IKeyStore store,
    IPublicationStore publications,
    NodeRuleBook rules,
    IManagementStore management,
    KeyWatches watches,
    NodeCrawls crawls,
    TimeProvider time) : IDhtAdmin
{
    public async Task<KeyPage> ScanAsync(string prefix, NodeId? after, int count, CancellationToken cancellationToken = default)
    {
        var region = AdminArguments.CheckPage(prefix, count);
        var now = time.GetUtcNow();

        // The store has no order. The first scan reads no values, and one key more tells whether others follow.
        var keys = new SortedSet<NodeId>();
        await store.VisitAsync(region, Record, cancellationToken);
        HashSet<NodeId> wanted = [.. keys.Take(count)];
        NodeId? next = keys.Count > count ? wanted.Max() : null;
        var found = await store.ScanAsync(region, life => wanted.Contains(life.Key), cancellationToken)
            .Where(entry => !entry.Value.IsExpired(now))
            .Select(entry => KeySummary.Of(entry.Key, entry.Value))
            .OrderBy(entry => entry.Key)
            .ToListAsync(cancellationToken);
        return new KeyPage(found, next);

        void Record(KeyLife life)
        {
            if (life.ExpiresAt > now && !(life.Key <= after) && (keys.Count <= count || life.Key < keys.Max))
            {
                keys.Add(life.Key);
                if (keys.Count > count + 1)
                {
                    keys.Remove(keys.Max);
                }
            }
        }
    }

    public async Task<PublicationPage> ScanPublicationsAsync(NodeId? after, int count, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckCount(count);

        // The store has no order. One more than asked for tells whether others follow.
        var found = await publications.ScanAsync(cancellationToken)
            .Where(entry => !(entry.Key <= after))
            .OrderBy(entry => entry.Key)
            .Take(count + 1)
            .Select(entry => new PublicationSummary(entry.Key, entry.Value.Value.Kind, entry.Value.Value.ContentLength, entry.Value.PublishedAt))
            .ToListAsync(cancellationToken);
        return new PublicationPage([.. found.Take(count)], found.Count > count ? found[count - 1].Key : null);
    }

    public async Task<KeyDetails> DescribeKeyAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        var held = await store.GetAsync(key, time.GetUtcNow(), cancellationToken);
        var published = await publications.GetAsync(key, cancellationToken);
        return new KeyDetails(key, held, published?.PublishedAt, await parts().Engine.AskHoldersAsync(key, cancellationToken));
    }

    public async Task<DateTimeOffset?> FindKeptAsync(NodeId key, CancellationToken cancellationToken = default) =>
        (await store.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken))?.KeptUntil;

    // In the turn of those who publish the key: a set that has begun ends before. What is held first: an older value under a publication must not
    // come to light.
    public Task<KeyDeletion> DeleteAsync(NodeId key, CancellationToken cancellationToken = default) =>
        parts().Engine.Turns.TryRunAsync(
            key,
            async () =>
            {
                var wasHeld = await store.RemoveAsync(key, cancellationToken);
                var wasPublished = await publications.RemoveAsync(key, cancellationToken);
                watches.Post(key, KeyNotice.Of(null));
                return new KeyDeletion(wasHeld, wasPublished);
            },
            cancellationToken);

    public IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ReadValuesAsync(CancellationToken cancellationToken = default) =>
        store.ScanAsync(cancellationToken).Where(entry => !entry.Value.IsExpired(time.GetUtcNow()));

    // A cluster's publication is an ordinary value here: an expired one would replace a live one for nothing.
    public async Task<IReadOnlyList<StoreResult>> ImportAsync(
        IReadOnlyList<KeyValuePair<NodeId, StoredValue>> values, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckValues(values);
        var now = time.GetUtcNow();
        return await Task.WhenAll(values.Select(value => value.Value.ExpiresAt <= now
            ? Task.FromResult(StoreResult.Outdated)
            : parts().Engine.Turns.TryRunAsync(
                value.Key,
                () => ImportAsync(value.Key, value.Value.StoredBy(now) with { PublishedAt = null }, cancellationToken),
                static () => StoreResult.Busy,
                cancellationToken)));
    }

    private async Task<StoreResult> ImportAsync(NodeId key, StoredValue value, CancellationToken cancellationToken)
    {
        var result = await store.PutAsync(key, value, PutKind.Import, cancellationToken);
        if (result == StoreResult.Stored)
        {
            watches.Post(key, KeyNotice.Changed);
        }

        return result;
    }

    public async Task<DhtUsage> GetUsageAsync(CancellationToken cancellationToken = default)
    {
        var usage = await store.GetUsageAsync(cancellationToken);
        return new DhtUsage(usage.Keys, usage.Bytes, [], []) { Kept = usage.Kept, MostKept = parts().Engine.Rules.Limits.Quota.KeptKeys };
    }

    public async Task<DhtSources> GetSourcesAsync(int count, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckCount(count, IDhtAdmin.MaxSources);
        return new DhtSources(await store.GetSourcesAsync(count, cancellationToken), []);
    }

    public Task<TableDetails> GetTableAsync(NodeId? id = null, CancellationToken cancellationToken = default)
    {
        var node = parts().Engine;
        return id is { } other && other != node.Id
            ? throw new ArgumentException($"The node id {other} is not this node's, which is {node.Id}.")
            : Task.FromResult(TableDetails.Of(node.Id, parts().Table.Describe(), node.RoutingTable.Contacts) with { Former = parts().Table.Former });
    }

    public Task<LookupTrace> TraceLookupAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken = default) =>
        parts().Engine.Lookups.TraceAsync(target, kind, cancellationToken);

    public Task<IReadOnlyList<EdgeDetails>> GetEdgesAsync(CancellationToken cancellationToken = default) => Task.FromResult<IReadOnlyList<EdgeDetails>>([]);

    public Task<bool> ChangeEdgeAsync(string name, EdgeAction action, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        throw new ArgumentException("This is one node, which has no edges; a cluster has.");
    }

    public Task<IReadOnlyList<ContactDetails>> GetContactAsync(NodeId id, CancellationToken cancellationToken = default) =>
        Task.FromResult<IReadOnlyList<ContactDetails>>([.. parts().Table.Find(id).Select(known => new ContactDetails(parts().Engine.Id, known))]);

    public Task<int> DropContactAsync(NodeId id, CancellationToken cancellationToken = default)
    {
        var held = parts().Table.Find(id);
        foreach (var drop in KnownContact.DropsOf(held))
        {
            parts().Table.Observe(drop);
        }

        return Task.FromResult(parts().Table.Forget(id) || held.Count > 0 ? 1 : 0);
    }

    public Task<int> RunAsync(DhtWork work, CancellationToken cancellationToken = default)
    {
        MaintenanceTask task = work switch
        {
            DhtWork.Refresh => new MaintenanceTask.RefreshBuckets([.. parts().Table.Describe().Select(bucket => bucket.Range)]),
            DhtWork.Walk => new MaintenanceTask.Walk(),
            DhtWork.Republish => new MaintenanceTask.Republish(),
        };
        return Task.FromResult(parts().Maintenance.TryRun(task) ? 1 : 0);
    }

    public async Task<DateTimeOffset?> FindNextDueAsync(CancellationToken cancellationToken = default)
    {
        var (now, options) = (time.GetUtcNow(), parts().Engine.Kademlia);
        DateTimeOffset? next = null;
        await store.VisitAsync(
            KeyRegion.Everywhere, life => Add(RepublishPolicy.FindNext(life.StoredAt, life.ExpiresAt, now, options)), cancellationToken);
        await foreach (var (_, publication) in publications.ScanAsync(cancellationToken))
        {
            Add(RepublishPolicy.FindNextPublication(publication.PublishedAt, now, options));
        }

        return next;

        void Add(DateTimeOffset? due) => next = RepublishPolicy.Earlier(next, due);
    }

    public Task<ShardCount> GetShardsAsync(CancellationToken cancellationToken = default) => throw NoShards();

    public Task<ShardCount> DoubleShardsAsync(int count, CancellationToken cancellationToken = default) => throw NoShards();

    public Task<IReadOnlyList<SiloDetails>> GetSilosAsync(CancellationToken cancellationToken = default) => Task.FromResult<IReadOnlyList<SiloDetails>>([]);

    public Task<ShardDetails> FindShardAsync(NodeId key, CancellationToken cancellationToken = default) => throw NoShards();

    public Task<ShardDetails> GetShardAsync(int number, CancellationToken cancellationToken = default) => throw NoShards();

    public async Task RecordAsync(AuditEntry entry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
        await management.RecordAsync(entry, cancellationToken);
    }

    public async Task<IReadOnlyList<AuditEntry>> ReadAuditAsync(
        int count, long? before = null, CancellationToken cancellationToken = default)
    {
        AdminArguments.CheckCount(count);
        return await management.ReadAuditAsync(count, before, cancellationToken);
    }

    public Task<BanList> GetBansAsync(CancellationToken cancellationToken = default) => Task.FromResult(new BanList(rules.Rules.Bans, []));

    public async Task<BanChange> BanAsync(Ban ban, CancellationToken cancellationToken = default) =>
        new(await rules.BanAsync(ban, isBanned: true, cancellationToken), []);

    public async Task<BanChange> UnbanAsync(Ban ban, CancellationToken cancellationToken = default) =>
        new(await rules.BanAsync(ban, isBanned: false, cancellationToken), []);

    public Task<LimitList> GetLimitsAsync(CancellationToken cancellationToken = default)
    {
        var node = parts().Engine;
        return Task.FromResult(new LimitList(LimitDetails.List(node.Rules.Settings, rules.Rules.Limits, node.Options.MostKeys, isCluster: false), []));
    }

    public async Task<LimitChange> SetLimitAsync(string name, long? value, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(name);
        return new(await rules.SetLimitAsync(name, value, cancellationToken), []);
    }

    public Task<CrawlReport> StartCrawlAsync(CrawlRequest? request = null, CancellationToken cancellationToken = default) =>
        Task.FromResult(crawls.Start(request ?? new CrawlRequest()));

    public IAsyncEnumerable<CrawlReport> CrawlAsync(string? id = null, CancellationToken cancellationToken = default) =>
        crawls.WatchAsync(id, cancellationToken);

    public Task<IReadOnlyList<CrawlReport>> GetCrawlsAsync(CancellationToken cancellationToken = default) => crawls.ListAsync(cancellationToken);

    public IAsyncEnumerable<CrawlRecord> ReadCrawlAsync(string id, CancellationToken cancellationToken = default) =>
        crawls.ReadAsync(id, cancellationToken);

    public Task<bool> StopCrawlAsync(string id, CancellationToken cancellationToken = default) => crawls.StopAsync(id, cancellationToken);

    private static ArgumentException NoShards() => new("This is one node, which has no shards; a cluster has.");
}

/// <summary>Changes an operator's bans and limits one after the other, durably, and applies them.</summary>
internal sealed class NodeRuleBook(Func<DhtNode> engine, IManagementStore store, TimeProvider time) : IDisposable
{
    private readonly SemaphoreSlim _turn = new(1);
    private volatile NodeRules _rules = NodeRules.None;

    public NodeRules Rules => _rules;

    public async Task LoadAsync(DhtNode node, CancellationToken cancellationToken)
    {
        _rules = await store.LoadAsync(cancellationToken);
        Apply(node, _rules);
    }

    public Task<bool> BanAsync(Ban ban, bool isBanned, CancellationToken cancellationToken) => ChangeAsync(
        (node, rules) => (isBanned ? BanBook.Add(rules.Bans, ban, [node.Id], time.GetUtcNow()) : BanBook.Remove(rules.Bans, ban)) is { } bans
            ? rules with { Bans = bans }
            : null,
        cancellationToken);

    /// <summary>Null sets the limit back. Returns false if nothing had to be changed.</summary>
    public Task<bool> SetLimitAsync(string name, long? value, CancellationToken cancellationToken) => ChangeAsync(
        (node, rules) => LimitBook.Set(rules.Limits, name, value, node.Options.MostKeys, time.GetUtcNow()) is { } limits ? rules with { Limits = limits } : null,
        cancellationToken);

    public void Dispose() => _turn.Dispose();

    private static void Apply(DhtNode node, NodeRules rules) =>
        node.Rules.Apply(new BanSet(rules.Bans.Select(entry => entry.Ban)), rules.Limits);

    // Not cancelled once it has begun: it would be done by half.
    private async Task<bool> ChangeAsync(Func<DhtNode, NodeRules, NodeRules?> change, CancellationToken cancellationToken)
    {
        var node = engine();
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (change(node, _rules) is not { } changed)
            {
                return false;
            }

            await store.SaveAsync(changed, CancellationToken.None);
            _rules = changed;
            Apply(node, changed);
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }
}
