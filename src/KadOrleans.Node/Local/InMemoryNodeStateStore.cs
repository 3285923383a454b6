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
