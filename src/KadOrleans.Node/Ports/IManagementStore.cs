namespace KadOrleans.Node;

/// <summary>Keeps what the node's operator has set while it ran, and who changed what.</summary>
internal interface IManagementStore
{
    /// <summary>What was saved last, or <see cref="NodeRules.None"/>.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    ValueTask<NodeRules> LoadAsync(CancellationToken cancellationToken = default);

    /// <summary>Replaces what is saved; durable when the task completes.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    ValueTask SaveAsync(NodeRules rules, CancellationToken cancellationToken = default);

    /// <summary>Adds an entry to the audit log, of which the last <see cref="IDhtAdmin.MaxAudit"/> are kept; durable when the task completes.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    ValueTask RecordAsync(AuditEntry entry, CancellationToken cancellationToken = default);

    /// <summary>The last entries with lower numbers than <paramref name="before"/>, or of all, newest first.</summary>
    /// <exception cref="KeyStoreException">The storage is broken.</exception>
    ValueTask<IReadOnlyList<AuditEntry>> ReadAuditAsync(int count, long? before, CancellationToken cancellationToken = default);
}

/// <summary>What an operator has set while a node ran.</summary>
/// <param name="Bans">The bans in force.</param>
internal sealed record NodeRules(IReadOnlyList<BanEntry> Bans)
{
    /// <summary>The changed limits.</summary>
    public IReadOnlyList<LimitEntry> Limits { get; init; } = [];

    /// <summary>Nothing was set.</summary>
    public static NodeRules None { get; } = new([]);
}
