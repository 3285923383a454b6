namespace KadOrleans.Node;

/// <summary>When each held value went out last: as the store has it, or as it is remembered here while the store cannot write it.</summary>
internal sealed class HeldValueTimes(IKeyStore store, KademliaOptions options, TimeProvider time)
{
    // As many as of publications. Also values whose owner has a newer item elsewhere that the store did not take. Those that are not remembered go
    // out again each minute.
    private readonly ConcurrentDictionary<NodeId, DateTimeOffset> _unwritten = [];

    /// <summary>When a value was stored or sent last, where the store says <paramref name="storedAt"/>.</summary>
    public DateTimeOffset GetLast(NodeId key, DateTimeOffset storedAt) =>
        _unwritten.TryGetValue(key, out var sentAt) && sentAt > storedAt ? sentAt : storedAt;

    /// <summary>
    /// Writes that a value counts as stored now. That changes nothing else: without a mark it brings no publication back, and if anything was
    /// stored since it was read, the same value with a shorter life too, it is superseded.
    /// </summary>
    public ValueTask<StoreResult> RecordSentAsync(NodeId key, StoredValue held, CancellationToken cancellationToken) => store.PutAsync(
        key,
        held with { StoredAt = time.GetUtcNow(), PublishedAt = null, IsKept = false },
        new PutTerms(PutKind.Copy) { Condition = PutCondition.SameValue with { StoredBy = held.StoredAt } },
        cancellationToken);

    /// <summary>
    /// Remembers that a value went out now, as the store could not write it. Not what a shard has offered: it offers that once an hour, and this
    /// node looks for none of it.
    /// </summary>
    public void RememberSent(SweptKey swept)
    {
        if (!swept.IsOffered && (_unwritten.Count < PublicationTimes.MaxUnwritten || _unwritten.ContainsKey(swept.Key)))
        {
            _unwritten[swept.Key] = time.GetUtcNow();
        }
    }

    /// <summary>Forgets values that are due again, also those of keys that are held no longer, and times of a clock that has been set back.</summary>
    public void ForgetPast()
    {
        var now = time.GetUtcNow();
        foreach (var (key, sentAt) in _unwritten)
        {
            if (sentAt > now || now - sentAt >= options.RepublishInterval)
            {
                _unwritten.TryRemove(key, out _);
            }
        }
    }
}
