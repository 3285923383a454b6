using System.Data.Common;
using KadOrleans.Grains.Diagnostics;
using KadOrleans.Shards;
using Orleans.Storage;

namespace KadOrleans.Grains.Storage;

/// <summary>Named states of one grain in the silo's grain storage, each with its ETag. Each call has a timeout.</summary>
internal sealed class GrainRecordStorage(IGrainStorage storage, GrainId grainId, StateVersion version, TimeProvider time, TimeSpan timeout)
{
    /// <summary>Reads a state. One that was never written has neither content nor ETag.</summary>
    /// <exception cref="InvalidOperationException">A newer release wrote it.</exception>
    public async Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class, IVersionedState, new()
    {
        var state = new GrainState<T>();
        await storage.ReadStateAsync(name, grainId, state).WaitAsync(timeout, time);
        var content = state.RecordExists ? state.State : null;
        version.Check(content?.SchemaVersion ?? 0, name);
        return new StoredRecord<T>(content, state.ETag);
    }

    /// <summary>
    /// Replaces the state with this ETag, or writes the first one if that is null. Sets its schema version. Returns the new ETag.
    /// </summary>
    /// <exception cref="StorageConflictException">Storage has another state.</exception>
    /// <exception cref="Exception">Storage failed or timed out. Whether the state was written is unknown.</exception>
    public async Task<string?> WriteAsync<T>(string name, T content, string? etag)
        where T : class, IVersionedState, new()
    {
        // A separate state object: a write that timed out may still set its ETag later.
        var state = new GrainState<T>(version.Stamp(content), etag) { RecordExists = etag is not null };
        var startedAt = time.GetTimestamp();
        try
        {
            await storage.WriteStateAsync(name, grainId, state).WaitAsync(timeout, time);
            GrainMetrics.Wrote(WriteTarget.Shard, time.GetElapsedTime(startedAt));
            return state.ETag;
        }
        catch (Exception e) when (FirstWrite.IsConflict(e))
        {
            throw new StorageConflictException($"{name} of {grainId} was written by another activation.", e);
        }
        catch
        {
            GrainMetrics.WriteFailed(WriteTarget.Shard);
            throw;
        }
    }
}

/// <summary>Detects the conflict of two first writes of one state, which the database decides.</summary>
internal static class FirstWrite
{
    /// <summary>The SQLSTATE of a row that a unique index refuses (PostgreSQL: unique_violation).</summary>
    private const string UniqueViolation = "23505";

    /// <summary>Whether a write met another's: by its ETag, or, for two concurrent first writes, by the unique index.</summary>
    /// <remarks>This project's schema adds that index to Orleans' table on PostgreSQL. Orleans' provider does not know it.</remarks>
    public static bool IsConflict(Exception exception) =>
        exception is InconsistentStateException || exception.GetBaseException() is DbException { SqlState: UniqueViolation };
}
