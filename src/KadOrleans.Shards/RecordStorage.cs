using System.Runtime.ExceptionServices;

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
    /// Writes records of different names. Each replaces the record with its ETag, or is the first one if the ETag is null. Each has its own
    /// outcome, in the order of the writes: some may be written and others not.
    /// </summary>
    Task<IReadOnlyList<WriteOutcome>> WriteAsync(IReadOnlyList<RecordWrite> writes);
}

/// <summary>A record to be written.</summary>
/// <param name="Name">Its name.</param>
/// <param name="Content">Its content, of one of the types that <see cref="IRecordStorage.ReadAsync"/> names.</param>
/// <param name="ETag">The ETag of the record that it replaces. Null if there is none.</param>
internal readonly record struct RecordWrite(string Name, object Content, string? ETag);

/// <summary>What came of a write.</summary>
/// <param name="NewETag">The record's ETag, if it was written.</param>
/// <param name="Failure">
/// Null if it was written. <see cref="StorageConflictException"/>: storage has another record. Others: storage failed or timed out, and
/// whether the record was written is unknown.
/// </param>
internal readonly record struct WriteOutcome(string? NewETag, Exception? Failure)
{
    /// <summary>Waits for a write.</summary>
    public static async Task<WriteOutcome> OfAsync(Task<string?> write)
    {
        try
        {
            return new WriteOutcome(await write, null);
        }
        catch (Exception e)
        {
            return new WriteOutcome(null, e);
        }
    }

    /// <summary>The new ETag.</summary>
    /// <exception cref="Exception"><see cref="Failure"/>.</exception>
    public string? GetETag()
    {
        if (Failure is not null)
        {
            ExceptionDispatchInfo.Throw(Failure);
        }

        return NewETag;
    }
}

/// <summary>Writes of one record.</summary>
internal static class RecordStorageExtensions
{
    /// <summary>Writes a record alone, and returns its new ETag.</summary>
    /// <exception cref="Exception">As in <see cref="WriteOutcome.Failure"/>.</exception>
    public static async Task<string?> WriteAsync(this IRecordStorage storage, string name, object content, string? etag) =>
        (await storage.WriteAsync([new RecordWrite(name, content, etag)]))[0].GetETag();
}

/// <summary>A stored record.</summary>
/// <param name="Content">Its content. Null if it was never written.</param>
/// <param name="ETag">The ETag that the next write must name.</param>
internal readonly record struct StoredRecord<T>(T? Content, string? ETag)
    where T : class;

/// <summary>Storage has another record than the one to be replaced: another activation wrote it.</summary>
internal sealed class StorageConflictException(string message, Exception? innerException = null) : Exception(message, innerException);
