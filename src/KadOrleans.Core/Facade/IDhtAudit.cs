namespace KadOrleans;

/// <summary>The changes that operators made: a part of <see cref="IDhtAdmin"/>.</summary>
public interface IDhtAudit
{
    /// <summary>Adds an entry to the audit log, durably. The log keeps the last <see cref="IDhtAdmin.MaxAudit"/> and gives them numbers.</summary>
    Task RecordAsync(AuditEntry entry, CancellationToken cancellationToken = default);

    /// <summary>The last entries of the audit log, newest first. A cluster has one log.</summary>
    /// <param name="count">The most entries, 1 to <see cref="IDhtAdmin.MaxPage"/>.</param>
    /// <param name="before">Only entries with lower numbers: the last number of the page before. Null: all.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <exception cref="ArgumentException">The count is not allowed.</exception>
    Task<IReadOnlyList<AuditEntry>> ReadAuditAsync(int count, long? before = null, CancellationToken cancellationToken = default);
}
