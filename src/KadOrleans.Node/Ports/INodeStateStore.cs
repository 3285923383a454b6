using System.Text;

namespace KadOrleans.Node;

/// <summary>Keeps what a node needs after a restart: its id and its contacts.</summary>
public interface INodeStateStore
{
    /// <summary>The last saved state, or null.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    ValueTask<NodeState?> LoadAsync(CancellationToken cancellationToken = default);

    /// <summary>Replaces the saved state; durable when the task completes.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    ValueTask SaveAsync(NodeState state, CancellationToken cancellationToken = default);
}

/// <summary>A node's identity and the contacts it can bootstrap from.</summary>
/// <param name="Id">The node's id.</param>
/// <param name="Contacts">Contacts of its routing table, nearest first; then some that it lost, which may be back.</param>
public sealed record NodeState(NodeId Id, IReadOnlyList<Contact> Contacts)
{
    /// <summary>
    /// What was known of these contacts: when they entered the table and last answered, in milliseconds, and which of them it has lost. Of
    /// other contacts nothing is kept.
    /// </summary>
    public IReadOnlyList<KnownContact> Known { get; init; } = [];

    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}
