namespace KadOrleans.Node;

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

    public ValueTask RecordAsync(AuditEntry entry, CancellationToken cancellationToken = default)
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
