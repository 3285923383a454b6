namespace KadOrleans.Grains.Storage;

/// <summary>Several named records of one grain, each with its ETag.</summary>
internal interface IRecordStorage
{
    /// <summary>Reads a record; one without content and ETag if it was never written.</summary>
    /// <exception cref="InvalidOperationException">A newer release wrote it.</exception>
    Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class, IVersionedState, new();

    /// <summary>Replaces the record that has this ETag, or writes the first one if it is null; returns the new ETag. The content gets
    /// its schema version here.</summary>
    /// <exception cref="StorageConflictException">Another record is there.</exception>
    /// <exception cref="Exception">Storage failed, or did not answer in time; whether the record is there is unknown.</exception>
    Task<string?> WriteAsync<T>(string name, T content, string? etag)
        where T : class, IVersionedState, new();
}
