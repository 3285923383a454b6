namespace KadOrleans.Node;

/// <summary>When each publication went out last: as the store has it, or as it is remembered here until the store can write it.</summary>
internal sealed class PublicationTimes(IPublicationStore publications, TimeProvider time)
{
    /// <summary>Publications that are remembered: 10 MB without values. A node's file has 10,000 by default.</summary>
    public const int MaxUnwritten = 65_536;

    // As the store has them, and when they were sent. Those that are not remembered go out again each minute.
    private readonly ConcurrentDictionary<NodeId, (Publication Before, DateTimeOffset SentAt)> _unwritten = [];

    /// <summary>A publication with the time at which it was sent last, where the store has it as <paramref name="stored"/>.</summary>
    public Publication GetLast(NodeId key, Publication stored) =>
        _unwritten.TryGetValue(key, out var sent) && sent.Before == stored ? AsSentAt(stored, sent.SentAt) : stored;

    /// <summary>Writes that a publication was sent now, and remembers it if the store cannot.</summary>
    /// <exception cref="KeyStoreException">The storage of a cluster failed, whose shard offers the publication again in an hour.</exception>
    public async Task<StoreResult> RecordSentAsync(NodeId key, Publication publication, CancellationToken cancellationToken)
    {
        var sentAt = time.GetUtcNow();
        var result = await TryWriteAsync(key, publication, sentAt, cancellationToken);
        if (IsWritten(result))
        {
            _unwritten.TryRemove(key, out _);
        }
        else if (publications.GetCondition(publication) is null && (_unwritten.Count < MaxUnwritten || _unwritten.ContainsKey(key)))
        {
            _unwritten[key] = (publication, sentAt);
        }

        return result;
    }

    /// <summary>Writes what is remembered, until the first one that the store does not write.</summary>
    public async Task WriteRememberedAsync(CancellationToken cancellationToken)
    {
        foreach (var (key, (before, sentAt)) in _unwritten)
        {
            if (!IsWritten(await TryWriteAsync(key, before, sentAt, cancellationToken)))
            {
                return;
            }

            _unwritten.TryRemove(key, out _);
        }
    }

    private async Task<StoreResult> TryWriteAsync(NodeId key, Publication before, DateTimeOffset sentAt, CancellationToken cancellationToken)
    {
        try
        {
            return await publications.ReplaceAsync(key, before, AsSentAt(before, sentAt), cancellationToken);
        }
        catch (KeyStoreException) when (publications.GetCondition(before) is null)
        {
            return StoreResult.StorageFailed;
        }
    }

    // What a set has superseded needs no time: the set sends its value itself.
    private static bool IsWritten(StoreResult result) => result is StoreResult.Stored or StoreResult.Superseded;

    private static Publication AsSentAt(Publication publication, DateTimeOffset sentAt) =>
        publication with { PublishedAt = sentAt, IsPending = false };
}
