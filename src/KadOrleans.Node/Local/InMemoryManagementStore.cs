using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Local;

/// <summary>Keeps what an operator has set for as long as the process lives. Every call completes synchronously.</summary>
internal sealed class InMemoryManagementStore : IManagementStore
{
    private volatile NodeRules _rules = NodeRules.None;

    /// <inheritdoc/>
    public ValueTask<NodeRules> LoadAsync(CancellationToken cancellationToken = default) => ValueTask.FromResult(_rules);

    /// <inheritdoc/>
    public ValueTask SaveAsync(NodeRules rules, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(rules);
        _rules = rules;
        return ValueTask.CompletedTask;
    }
}
