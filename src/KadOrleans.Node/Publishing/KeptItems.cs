namespace KadOrleans.Node;

/// <summary>
/// Items that a node keeps for their owners (ADR 46). They are values of its store with a mark (<see cref="StoredValue.IsKept"/>), which a newer
/// item takes over by the rule of items, and which upkeep sends as others, wherever their keys are.
/// </summary>
internal sealed class KeptItems(IKeyStore store, TimeSpan timeToLive, TimeProvider time)
{
    /// <summary>How many times a newer item may come while the keeping of one is ended.</summary>
    private const int MaxChanges = 5;

    /// <summary>Writes at once, which share a transaction; far below a store's queue.</summary>
    private const int ReleasedAtOnce = 1_024;

    public async Task<SetResult> KeepAsync(
        DhtNode node, OwnPublications publications, NodeId key, DhtValue item, DateTimeOffset until, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var kept = new StoredValue(item, now, KeepRules.FindEnd(item, until, now), SourceNetwork.Trusted) { IsKept = true, IsAuthored = true };
        var stored = await publications.StoreKeptAsync(key, kept, cancellationToken);
        if (stored != StoreResult.Stored)
        {
            return new SetResult { Local = stored };
        }

        // From now on it is kept, whatever becomes of this. Superseded: a newer item came meanwhile, and whoever stored that sends it.
        var sent = await node.SpreadAsync(key, item, life: null, cancellationToken);
        if (sent is { Refused: > 0, Lookup: { } holders })
        {
            await node.AdoptNewerAsync(key, kept, holders.Closest, cancellationToken);
        }

        return sent with { Local = stored, Publication = stored };
    }

    /// <summary>Ends the keeping of a key's item, which then lives as any other. False if none was kept.</summary>
    /// <exception cref="KeyStoreException">The storage failed, or the key changed several times meanwhile: it may still be kept.</exception>
    public async Task<bool> EndAsync(NodeId key, CancellationToken cancellationToken)
    {
        for (var changes = 0; changes < MaxChanges; changes++)
        {
            if (await store.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken) is not { IsKept: true } held)
            {
                return false;
            }

            var result = await ReleaseAsync(key, held, cancellationToken);
            if (result != StoreResult.Superseded)
            {
                return result == StoreResult.Stored
                    ? true
                    : throw new KeyStoreException(
                        $"The item may still be kept for its owner: the storage did not take its end ({result}). Repeat the request.");
            }
        }

        throw new KeyStoreException($"The item is still kept for its owner: it changed {MaxChanges} times meanwhile. Repeat the request.");
    }

    /// <summary>Ends the keeping of all whose time is over. What storage does not take is found again.</summary>
    public async Task EndDueAsync(CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var due = new List<NodeId>();
        await store.VisitAsync(KeyRegion.Everywhere, Collect, cancellationToken);
        foreach (var some in due.Chunk(ReleasedAtOnce))
        {
            await Task.WhenAll(some.Select(ReleaseDueAsync));
        }

        void Collect(KeyLife life)
        {
            if (life.IsKept && life.ExpiresAt <= now)
            {
                due.Add(life.Key);
            }
        }

        async Task ReleaseDueAsync(NodeId key)
        {
            if (await store.GetCurrentAsync(key, now, cancellationToken) is { IsKept: true } held && held.ExpiresAt <= now)
            {
                await ReleaseAsync(key, held, cancellationToken);
            }
        }
    }

    // Unless it was kept again until another time, or a newer item came, since it was read.
    private async Task<StoreResult> ReleaseAsync(NodeId key, StoredValue held, CancellationToken cancellationToken)
    {
        var terms = new PutTerms(PutKind.Copy) { Condition = new PutCondition { Value = held.Value, KeptUntil = held.KeptUntil } };
        return await store.PutAsync(key, held.Release(timeToLive), terms, cancellationToken);
    }
}
