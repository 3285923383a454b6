using System.Collections.Immutable;
using KadOrleans.Core.Crawling;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Local;

/// <summary>Keeps the state for as long as the process lives. Every call completes synchronously.</summary>
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
        ArgumentNullException.ThrowIfNull(state);
        cancellationToken.ThrowIfCancellationRequested();

        // A copy, as the caller may change its list.
        _state = state with { Contacts = [.. state.Contacts] };
        return ValueTask.CompletedTask;
    }
}

/// <summary>Keeps what an operator has set for as long as the process lives. Every call completes synchronously.</summary>
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
        ArgumentNullException.ThrowIfNull(rules);
        _rules = rules;
        return ValueTask.CompletedTask;
    }

    public ValueTask NoteAsync(AuditEntry entry, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(entry);
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

/// <summary>Keeps crawls for as long as the process lives. Every call completes synchronously.</summary>
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
