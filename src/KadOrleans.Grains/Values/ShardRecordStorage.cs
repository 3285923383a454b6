using KadOrleans.Grains.Storage;
using KadOrleans.Shards;

namespace KadOrleans.Grains.Values;

/// <summary>The records of a shard as states of its grain, which keep their names and forms.</summary>
internal sealed class ShardRecordStorage(GrainRecordStorage states) : IRecordStorage
{
    public async Task<StoredRecord<T>> ReadAsync<T>(string name)
        where T : class
    {
        object read = typeof(T) == typeof(LogRecord) ? await ReadAsync(name, (ShardLogState state) => state.ToRecord())
            : typeof(T) == typeof(PageRecord) ? await ReadAsync(name, (ShardPageState state) => state.ToRecord())
            : typeof(T) == typeof(PageKeysRecord) ? await ReadAsync(name, (ShardPageKeysState state) => state.ToRecord())
            : await ReadAsync(name, (ShardManifestState state) => state.ToRecord());
        return (StoredRecord<T>)read;
    }

    // Grain storage takes one state a call, and may put calls that arrive together into one transaction.
    public IReadOnlyList<Task<string?>> WriteAsync(IReadOnlyList<RecordWrite> writes) => [.. writes.Select(WriteAsync)];

    private Task<string?> WriteAsync(RecordWrite write) => write.Content switch
    {
        LogRecord record => states.WriteAsync(write.Name, ShardLogState.Of(record), write.ETag),
        PageRecord record => states.WriteAsync(write.Name, ShardPageState.Of(record), write.ETag),
        PageKeysRecord record => states.WriteAsync(write.Name, ShardPageKeysState.Of(record), write.ETag),
        Manifest record => states.WriteAsync(write.Name, ShardManifestState.Of(record), write.ETag),
        _ => throw new ArgumentException($"{write.Name} is no record of a shard.", nameof(write)),
    };

    private async Task<StoredRecord<TRecord>> ReadAsync<TState, TRecord>(string name, Func<TState, TRecord> toRecord)
        where TState : class, IVersionedState, new()
        where TRecord : class
    {
        var (state, etag) = await states.ReadAsync<TState>(name);
        return new StoredRecord<TRecord>(state is null ? null : toRecord(state), etag);
    }
}
