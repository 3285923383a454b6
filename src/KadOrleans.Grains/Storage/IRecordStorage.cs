namespace KadOrleans.Grains.Storage;

/// <summary>Several named records of one grain, each with its ETag.</summary>
internal interface IRecordStorage
{
    /// <summary>Reads a record; one without content and ETag if it was never written.</summary>
    /// <exception cref="InvalidOperationException">A newer release wrote it.</exception>
    Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class, IVersionedState, new();

    /// <summary>
    /// Replaces the record that has this ETag, or writes the first one if it is null; returns the new ETag. The content gets
    /// its schema version here.
    /// </summary>
    /// <exception cref="StorageConflictException">Another record is there.</exception>
    /// <exception cref="Exception">Storage failed, or did not answer in time; whether the record is there is unknown.</exception>
    Task<string?> WriteAsync<T>(string name, T content, string? etag)
        where T : class, IVersionedState, new();
}

/// <summary>A record as storage has it.</summary>
/// <param name="Content">What it holds; null if it was never written.</param>
/// <param name="ETag">What the next write must name.</param>
internal readonly record struct StoredRecord<T>(T? Content, string? ETag)
    where T : class;

/// <summary>The record in storage is not the one that was to be replaced: another activation wrote it.</summary>
internal sealed class StorageConflictException(string message, Exception? innerException = null) : Exception(message, innerException);
