namespace KadOrleans.Shards;

/// <summary>Named records of one shard, each with its ETag.</summary>
internal interface IRecordStorage
{
    /// <summary>Reads a record. One that was never written has neither content nor ETag.</summary>
    /// <typeparam name="T">One of <see cref="LogRecord"/>, <see cref="Manifest"/>, <see cref="PageRecord"/> and <see cref="PageKeysRecord"/>.</typeparam>
    /// <exception cref="InvalidOperationException">A newer release wrote it.</exception>
    Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class;

    /// <summary>
    /// Writes records of different names. Each replaces the record with its ETag, or is the first one if the ETag is null. Each has an
    /// outcome of its own, in the order of the writes: its new ETag, or why it failed. So some may be written and others not.
    /// <see cref="StorageConflictException"/>: storage has another record. Other failures: whether the record was written is unknown.
    /// </summary>
    IReadOnlyList<Task<string?>> WriteAsync(IReadOnlyList<RecordWrite> writes);
}

/// <summary>A record to be written.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Content">Its content, of one of the types that <see cref="IRecordStorage.ReadAsync"/> names.</param>
/// <param name="ETag">The ETag of the record that it replaces. Null if there is none.</param>
internal readonly record struct RecordWrite(string Name, object Content, string? ETag);

/// <summary>A stored record.</summary>
/// <param name="Content">Its content. Null if it was never written.</param>
/// <param name="ETag">The ETag that the next write must name.</param>
internal readonly record struct StoredRecord<T>(T? Content, string? ETag)
    where T : class;

/// <summary>Storage has another record than the one to be replaced: another activation wrote it.</summary>
internal sealed class StorageConflictException(string message, Exception? innerException = null) : Exception(message, innerException);
