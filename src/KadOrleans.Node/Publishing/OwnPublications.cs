namespace KadOrleans.Node;

internal sealed class OwnPublications(IPublicationStore store, TimeProvider time, ILogger logger)
{
    public Task<SetResult> SetAsync(DhtNode node, NodeId key, DhtValue value, CancellationToken cancellationToken) =>
        node.Turns.RunAsync(key, async () =>
        {
            var result = Note(key, await node.SetAsync(key, value, cancellationToken));
            return !result.Succeeded
                ? result
                : result with { Publication = await RememberAsync(key, new Publication(value, time.GetUtcNow()), cancellationToken) };
        });

    /// <summary>Stores a value for a time, unless another value of the key is published.</summary>
    public Task<SetResult> SetForAsync(DhtNode node, NodeId key, DhtValue value, TimeSpan life, CancellationToken cancellationToken) =>
        node.Turns.RunAsync(key, async () =>
            await store.GetAsync(key, cancellationToken) is { } published && published.Value != value
                ? new SetResult { Local = StoreResult.Outdated }
                : Note(key, await node.SetAsync(key, value, life, cancellationToken)));

    /// <summary>Ends the publication of a key, after what is being sent of it. Nothing of it is sent later.</summary>
    public Task<bool> UnpublishAsync(DhtNode node, NodeId key, CancellationToken cancellationToken) =>
        node.Turns.RunAsync(key, async () => await store.RemoveAsync(key, cancellationToken));

    /// <summary>Remembers the publication and sends it later, if need be after the next start.</summary>
    /// <remarks>
    /// It does not wait for the key's turn, as an earlier value may be on its way for seconds and the caller waits for the disk alone. It
    /// needs none: it is one write of the store, which every piece of upkeep compares with what it read
    /// (<see cref="IPublicationStore.ReplaceAsync"/>), and until it is sent a get returns it from there. Its STOREs take the turn, so they
    /// leave after those of the earlier value. A set under way that ends later is later, and replaces it.
    /// </remarks>
    public async Task<SetResult> SetSoonAsync(
        MaintenanceRunner maintenance, NodeId key, DhtValue value, CancellationToken cancellationToken)
    {
        StoreRules.ThrowIfRefused(value);
        var remembered = await RememberAsync(key, new Publication(value, time.GetUtcNow()) { IsPending = true }, cancellationToken);
        if (remembered == StoreResult.Stored)
        {
            maintenance.PublishSoon(key);
        }

        return new SetResult { Publication = remembered };
    }

    private SetResult Note(NodeId key, SetResult result)
    {
        if (result is { Succeeded: false, Local: StoreResult.TotalQuotaExceeded })
        {
            logger.StoreFull(key);
        }

        return result;
    }

    private async Task<StoreResult> RememberAsync(NodeId key, Publication publication, CancellationToken cancellationToken)
    {
        var remembered = await store.PutAsync(key, publication, cancellationToken);
        if (remembered != StoreResult.Stored)
        {
            logger.NotRemembered(key, remembered);
        }

        return remembered;
    }
}
