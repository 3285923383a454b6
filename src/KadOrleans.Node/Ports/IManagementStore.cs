using KadOrleans.Core.Admission;

namespace KadOrleans.Node.Ports;

/// <summary>Keeps what the node's operator has set while it ran.</summary>
public interface IManagementStore
{
    /// <summary>What was saved last, or <see cref="NodeRules.None"/>.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    ValueTask<NodeRules> LoadAsync(CancellationToken cancellationToken = default);

    /// <summary>Replaces what is saved; durable when the task completes.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    ValueTask SaveAsync(NodeRules rules, CancellationToken cancellationToken = default);
}

/// <summary>What an operator has set while a node ran.</summary>
/// <param name="Bans">The bans in force.</param>
public sealed record NodeRules(IReadOnlyList<BanEntry> Bans)
{
    /// <summary>Nothing was set.</summary>
    public static NodeRules None { get; } = new([]);
}
