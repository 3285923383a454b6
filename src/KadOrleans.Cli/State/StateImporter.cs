using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.Cli.State;

/// <summary>Puts a state file into a node's storage: replaces its id and contacts, adds the values.</summary>
internal sealed class StateImporter(IKeyStore keys, INodeStateStore states, TimeProvider time)
{
    // Writes under way at once: they share transactions, and stay below what the storage queues (8192).
    private const int Parallel = 4096;

    private long _imported;
    private long _expired;
    private long _older;
    private long _refused;

    /// <summary>Imports everything; durable when it returns.</summary>
    /// <param name="head">The file, read to its end: id and contacts.</param>
    /// <param name="values">The values of the same file.</param>
    /// <param name="cancellationToken">Ends it; what was imported stays.</param>
    /// <exception cref="KeyStoreException">The storage failed.</exception>
    public async Task<ImportResult> ImportAsync(
        StateReader head, IEnumerable<KeyValuePair<NodeId, StoredValue>> values, CancellationToken cancellationToken)
    {
        foreach (var chunk in values.Chunk(Parallel))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var results = await Task.WhenAll(chunk.Select(value => ImportAsync(value.Key, value.Value)));
            if (results.Contains(StoreResult.StorageFailed))
            {
                throw new KeyStoreException("The database could not be written; free its disk, and import again.");
            }
        }

        if (head.Id is { } id)
        {
            await states.SaveAsync(new NodeState(id, [.. head.Contacts]), CancellationToken.None);
        }

        var state = await states.LoadAsync(CancellationToken.None);
        return new ImportResult(state?.Id, head.Id is null ? 0 : head.Contacts.Count, _imported, _expired, _older, _refused);
    }

    private async Task<StoreResult> ImportAsync(NodeId key, StoredValue value)
    {
        var now = time.GetUtcNow();
        if (value.IsExpired(now))
        {
            Interlocked.Increment(ref _expired);
            return StoreResult.Stored;
        }

        if (await keys.GetAsync(key, now) is { } held && held.StoredAt > value.StoredAt)
        {
            Interlocked.Increment(ref _older);
            return StoreResult.Stored;
        }

        var result = await keys.PutAsync(key, value);
        Interlocked.Increment(ref result == StoreResult.Stored ? ref _imported : ref _refused);
        return result;
    }
}
