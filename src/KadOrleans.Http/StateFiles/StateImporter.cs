namespace KadOrleans.Http;

/// <summary>Puts a file's values into a store, with their times and sources.</summary>
internal sealed class StateImporter(
    Func<IReadOnlyList<KeyValuePair<NodeId, StoredValue>>, Task<IReadOnlyList<StoreResult>>> put, int batchSize, TimeProvider time)
{
    public StateImporter(IKeyStore keys, int batchSize, TimeProvider time)
        : this(async values => await Task.WhenAll(values.Select(value => keys.PutAsync(value.Key, value.Value, PutKind.Import).AsTask())), batchSize, time)
    {
    }

    public ImportResult Result { get; private set; } = new(0, 0, 0, 0);

    /// <summary>Durable when it returns. Leaves out older values, and expired ones that no cluster published.</summary>
    /// <returns>False if a write failed. Values imported until then stay, and may be imported again.</returns>
    public async Task<bool> ImportAsync(IEnumerable<KeyValuePair<NodeId, StoredValue>> values, CancellationToken cancellationToken)
    {
        foreach (var chunk in values.Chunk(batchSize))
        {
            cancellationToken.ThrowIfCancellationRequested();
            var now = time.GetUtcNow();
            var kept = chunk.Select(value => KeyValuePair.Create(value.Key, Admit(value.Value, now)))
                .Where(value => value.Value.ExpiresAt > now || value.Value.PublishedAt is not null)
                .ToList();
            var results = kept.Count > 0 ? await put(kept) : [];

            // A node refuses a publication of a cluster that has expired.
            var outdated = kept.Zip(results).Where(one => IsOlder(one.Second)).ToLookup(one => one.First.Value.ExpiresAt <= now);
            Result = new ImportResult(
                Result.Imported + results.Count(result => result == StoreResult.Stored),
                Result.Expired + chunk.Length - kept.Count + outdated[true].Count(),
                Result.Older + outdated[false].Count(),
                Result.Refused + results.Count(result => result != StoreResult.Stored && !IsOlder(result) && !result.IsUndecided()));
            if (results.Any(result => result.IsUndecided()))
            {
                return false;
            }
        }

        return true;
    }

    // Nobody is to keep an item for longer than a keep of today would.
    private static StoredValue Admit(StoredValue value, DateTimeOffset now) => value.StoredBy(now) with
    {
        ExpiresAt = value.IsKept && value.ExpiresAt - now > KeepRules.Longest ? KeepRules.WholeSecond(now + KeepRules.Longest) : value.ExpiresAt,
    };

    private static bool IsOlder(StoreResult result) => result is StoreResult.Outdated or StoreResult.OlderItem;
}

internal sealed record ImportResult(long Imported, long Expired, long Older, long Refused);
