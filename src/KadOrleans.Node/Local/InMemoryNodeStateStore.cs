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
