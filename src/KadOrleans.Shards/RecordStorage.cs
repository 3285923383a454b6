namespace KadOrleans.Shards;

/// <summary>Named records of one shard, each with its ETag.</summary>
internal interface IRecordStorage
{
    /// <summary>Reads a record. One that was never written has neither content nor ETag.</summary>
    /// <typeparam name="T">One of <see cref="LogRecord"/>, <see cref="Manifest"/>, <see cref="PageRecord"/> and <see cref="PageKeysRecord"/>.</typeparam>
    /// <exception cref="InvalidOperationException">A newer release wrote it.</exception>
    Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class;

    /// <summary>Replaces the record with this ETag, or writes the first one if the ETag is null. Returns the new ETag.</summary>
    /// <typeparam name="T">As in <see cref="ReadAsync"/>.</typeparam>
    /// <exception cref="StorageConflictException">Storage has another record.</exception>
    /// <exception cref="Exception">Storage failed or timed out. Whether the record was written is unknown.</exception>
    Task<string?> WriteAsync<T>(string name, T content, string? etag)
        where T : class;
}

/// <summary>A stored record.</summary>
/// <param name="Content">Its content. Null if it was never written.</param>
/// <param name="ETag">The ETag that the next write must name.</param>
internal readonly record struct StoredRecord<T>(T? Content, string? ETag)
    where T : class;

/// <summary>Storage has another record than the one to be replaced: another activation wrote it.</summary>
internal sealed class StorageConflictException(string message, Exception? innerException = null) : Exception(message, innerException);
