using System.Collections.Immutable;

namespace KadOrleans.Node;

internal sealed class InMemoryNodeStateStore : INodeStateStore
{
    private volatile NodeState? _state;

    public ValueTask<NodeState?> LoadAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_state);
    }

    public ValueTask SaveAsync(NodeState state, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();

        // A copy, as the caller may change its lists.
        _state = state with { Contacts = [.. state.Contacts], Known = [.. state.Known] };
        return ValueTask.CompletedTask;
    }
}

internal sealed class InMemoryManagementStore : IManagementStore
{
    private volatile NodeRules _rules = NodeRules.None;

    // Guards _entries and _noted.
    private readonly Lock _gate = new();
    private readonly Queue<AuditEntry> _entries = new();
    private long _noted;

    public ValueTask<NodeRules> LoadAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(_rules);

    public ValueTask SaveAsync(NodeRules rules, CancellationToken cancellationToken = default)
    {
        _rules = rules;
        return ValueTask.CompletedTask;
    }

    public ValueTask NoteAsync(AuditEntry entry, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_entries.Count == IDhtAdmin.MaxAudit)
            {
                _entries.Dequeue();
            }

            _entries.Enqueue(entry with { Number = ++_noted });
        }

        return ValueTask.CompletedTask;
    }

    public ValueTask<IReadOnlyList<AuditEntry>> ReadAuditAsync(int count, long? before, CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            return ValueTask.FromResult<IReadOnlyList<AuditEntry>>([.. _entries.Reverse().Where(entry => !(entry.Number >= before)).Take(count)]);
        }
    }
}

internal sealed class InMemoryCrawlStore : ICrawlStore
{
    private ImmutableList<(CrawlReport Report, IReadOnlyList<CrawlRecord> Records)> _crawls = [];

    public ValueTask<IReadOnlyList<CrawlReport>> ListAsync(CancellationToken cancellationToken = default) =>
        ValueTask.FromResult<IReadOnlyList<CrawlReport>>([.. _crawls.Select(crawl => crawl.Report)]);

    public IAsyncEnumerable<CrawlRecord> ReadAsync(string id, CancellationToken cancellationToken = default) =>
        (_crawls.Find(crawl => crawl.Report.Id == id).Records ?? []).ToAsyncEnumerable();

    public ValueTask SaveAsync(CrawlReport report, IReadOnlyList<CrawlRecord> records, CancellationToken cancellationToken = default)
    {
        ImmutableInterlocked.Update(ref _crawls, crawls => [.. crawls.Append((report, records)).TakeLast(CrawlReport.MaxKept)]);
        return ValueTask.CompletedTask;
    }
}

internal sealed class InMemoryPublicationStore(int capacity) : IPublicationStore
{
    // Guards additions, so that there are never more than the capacity.
    private readonly Lock _gate = new();
    private readonly ConcurrentDictionary<NodeId, Publication> _publications = new();

    public ValueTask<Publication?> GetAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_publications.GetValueOrDefault(key));
    }

    public ValueTask<StoreResult> PutAsync(NodeId key, Publication publication, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        lock (_gate)
        {
            if (_publications.Count >= capacity && !_publications.ContainsKey(key))
            {
                return ValueTask.FromResult(StoreResult.TotalQuotaExceeded);
            }

            _publications[key] = publication;
            return ValueTask.FromResult(StoreResult.Stored);
        }
    }

    public ValueTask<StoreResult> ReplaceAsync(
        NodeId key, Publication before, Publication? after, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        var isReplaced = after is null
            ? _publications.TryRemove(KeyValuePair.Create(key, before))
            : _publications.TryUpdate(key, after, before);
        var isThere = isReplaced || (after is not null && _publications.GetValueOrDefault(key) == after);
        return ValueTask.FromResult(isThere ? StoreResult.Stored : StoreResult.Superseded);
    }

    public ValueTask<bool> RemoveAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return ValueTask.FromResult(_publications.TryRemove(key, out _));
    }

    public IAsyncEnumerable<KeyValuePair<NodeId, Publication>> ScanAsync(CancellationToken cancellationToken = default)
    {
        cancellationToken.ThrowIfCancellationRequested();
        return _publications.ToArray().ToAsyncEnumerable();
    }
}
