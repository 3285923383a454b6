namespace KadOrleans.Node;

/// <summary>Shorter calls to a key store.</summary>
internal static class KeyStoreExtensions
{
    /// <summary>All keys and values, as <see cref="IKeyStore.ScanAsync(KeyRegion, CancellationToken)"/>.</summary>
    public static IAsyncEnumerable<KeyValuePair<NodeId, StoredValue>> ScanAsync(
        this IKeyStore store, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(store);
        return store.ScanAsync(KeyRegion.Everywhere, cancellationToken);
    }

    // Looks at each key of a region, and reads no value.
    internal static async Task VisitAsync(
        this IKeyStore store, KeyRegion region, Action<KeyLife> visit, CancellationToken cancellationToken)
    {
        await foreach (var _ in store.ScanAsync(region, Visit, cancellationToken))
        {
            // No key is wanted.
        }

        bool Visit(KeyLife life)
        {
            visit(life);
            return false;
        }
    }
}
