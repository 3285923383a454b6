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

    public Task<string?> WriteAsync<T>(string name, T content, string? etag)
        where T : class => content switch
        {
            LogRecord record => states.WriteAsync(name, ShardLogState.Of(record), etag),
            PageRecord record => states.WriteAsync(name, ShardPageState.Of(record), etag),
            PageKeysRecord record => states.WriteAsync(name, ShardPageKeysState.Of(record), etag),
            Manifest record => states.WriteAsync(name, ShardManifestState.Of(record), etag),
            _ => throw new ArgumentException($"A shard has no records of type {typeof(T).Name}.", nameof(content)),
        };

    private async Task<StoredRecord<TRecord>> ReadAsync<TState, TRecord>(string name, Func<TState, TRecord> toRecord)
        where TState : class, IVersionedState, new()
        where TRecord : class
    {
        var (state, etag) = await states.ReadAsync<TState>(name);
        return new StoredRecord<TRecord>(state is null ? null : toRecord(state), etag);
    }
}
