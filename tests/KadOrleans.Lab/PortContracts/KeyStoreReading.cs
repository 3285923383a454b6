namespace KadOrleans.Lab;

/// <summary>What the contracts ask a store for.</summary>
internal static class KeyStoreReading
{
    public static async Task<Dictionary<NodeId, StoredValue>> ReadAllAsync(this IKeyStore store) =>
        await store.ScanAsync().ToDictionaryAsync();

    public static async Task PutAllAsync(
        this IKeyStore store, IEnumerable<KeyValuePair<NodeId, StoredValue>> values, PutKind kind = PutKind.Publication)
    {
        foreach (var (key, value) in values)
        {
            Assert.Equal(StoreResult.Stored, await store.PutAsync(key, value, kind));
        }
    }

    /// <summary>Starts all puts before it waits for the first.</summary>
    public static Task<StoreResult[]> PutTogetherAsync(this IKeyStore store, IEnumerable<KeyValuePair<NodeId, StoredValue>> values) =>
        Task.WhenAll(values.Select(entry => store.PutAsync(entry.Key, entry.Value).AsTask()).ToList());

    /// <summary>Starts every put on a thread of the pool.</summary>
    public static Task<StoreResult[]> PutFromManyThreadsAsync(this IKeyStore store, IEnumerable<KeyValuePair<NodeId, StoredValue>> values) =>
        Task.WhenAll(values.Select(entry => Task.Run(async () => await store.PutAsync(entry.Key, entry.Value))).ToList());
}
