namespace KadOrleans.Grains;

/// <summary>Named states of one grain in the silo's grain storage, each with its ETag. Each call ends within the timeout.</summary>
internal sealed class GrainRecordStorage(
    IGrainStorage storage, GrainId grain, TimeProvider time, TimeSpan timeout, WriteTarget target = WriteTarget.Shard)
{
    // Reads a state. One that was never written has neither content nor ETag. InvalidOperationException: another build wrote it.
    public async Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class, IVersionedState, new()
    {
        var state = new GrainState<T>();
        await storage.ReadStateAsync(name, grain, state).WaitAsync(timeout, time);
        var content = state.RecordExists ? state.State : null;
        StateSchema.Check(content, name);
        return new StoredRecord<T>(content, state.ETag);
    }

    // Replaces the state with this ETag, or writes the first one if that is null. Returns the new ETag.
    // StorageConflictException: storage has another state. Exception: storage failed or timed out. Whether the state was written
    // is unknown.
    public async Task<string?> WriteAsync<T>(string name, T content, string? etag)
        where T : class, IVersionedState, new()
    {
        // A separate state object: a write that timed out may still set its ETag later.
        var state = new GrainState<T>(content, etag) { RecordExists = etag is not null };
        var startedAt = time.GetTimestamp();
        try
        {
            await storage.WriteStateAsync(name, grain, state).WaitAsync(timeout, time);
            GrainMetrics.Wrote(target, time.GetElapsedTime(startedAt));
            return state.ETag;
        }
        catch (Exception e) when (WriteOutcome.IsConflict(e))
        {
            throw new StorageConflictException($"{name} of {grain} was written by another activation.", e);
        }
        catch
        {
            GrainMetrics.WriteFailed(target);
            throw;
        }
    }
}
