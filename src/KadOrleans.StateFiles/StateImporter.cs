using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;

namespace KadOrleans.StateFiles;

/// <summary>Puts a file's values into a store, with their times and sources.</summary>
/// <param name="keys">The store.</param>
/// <param name="together">Pending values: they share transactions or calls. At most what the store queues.</param>
/// <param name="time">Clock by which values expire.</param>
internal sealed class StateImporter(IKeyStore keys, int together, TimeProvider time)
{
    private long _imported;
    private long _expired;
    private long _older;
    private long _refused;

    /// <summary>The result so far. Safe for several threads.</summary>
    public ImportResult Result => new(
        Interlocked.Read(ref _imported), Interlocked.Read(ref _expired), Interlocked.Read(ref _older), Interlocked.Read(ref _refused));

    /// <summary>
    /// Imports values; durable when it returns. An expired value is left out, unless the cluster published it
    /// (<see cref="StoredValue.PublishedAt"/>), and so is one whose key has a value that was stored later.
    /// </summary>
    /// <returns>False if a write failed. Values imported until then stay, and may be imported again.</returns>
    /// <exception cref="KeyStoreException">The storage failed.</exception>
    /// <exception cref="StateFileException">The file is broken.</exception>
    public async Task<bool> ImportAsync(IEnumerable<KeyValuePair<NodeId, StoredValue>> values, CancellationToken cancellationToken)
    {
        foreach (var chunk in values.Chunk(together))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var results = await Task.WhenAll(chunk.Select(value => ImportAsync(value.Key, value.Value)));
            if (results.Any(result => result.IsUndecided()))
            {
                return false;
            }
        }

        return true;
    }

    private async Task<StoreResult> ImportAsync(NodeId key, StoredValue value)
    {
        if (value.IsExpired(time.GetUtcNow()) && value.PublishedAt is null)
        {
            Interlocked.Increment(ref _expired);
            return StoreResult.Stored;
        }

        var result = await keys.PutAsync(key, value, PutKind.Import);
        switch (result)
        {
            case StoreResult.Stored:
                Interlocked.Increment(ref _imported);
                break;
            case StoreResult.Outdated:
                Interlocked.Increment(ref _older);
                break;
            case var _ when !result.IsUndecided():
                Interlocked.Increment(ref _refused);
                break;
        }

        return result;
    }
}

/// <param name="Imported">Values that are durable now.</param>
/// <param name="Expired">Values left out because they have expired.</param>
/// <param name="Older">Values left out because one of the same key is held that was stored later.</param>
/// <param name="Refused">Values that are too long, or beyond the quotas.</param>
internal sealed record ImportResult(long Imported, long Expired, long Older, long Refused);
