namespace KadOrleans.Core.Values;

/// <summary>What becomes of a value that is offered to a store. Done by the store's owner.</summary>
/// <param name="Result">What the caller is told.</param>
/// <param name="Held">What is held of the key from then on; null if the offer is refused and nothing changes.</param>
/// <param name="NeedsWrite">
/// Whether it has to be made durable. False for what is held already: only <see cref="StoredValue.StoredAt"/> moves, and
/// a restart that forgets this has the value republished a little early.
/// </param>
public readonly record struct StoreDecision(StoreResult Result, StoredValue? Held, bool NeedsWrite)
{
    /// <summary>
    /// A longer life of no more than this is not worth a write: what k holders send each other each hour differs by
    /// delays and rounding.
    /// </summary>
    public static readonly TimeSpan NegligibleLife = TimeSpan.FromMinutes(1);

    /// <summary>
    /// Decides. The value that is held already keeps its source and the later of both ends of life. Another one is
    /// replaced, unless the offer is a copy that ends no later: an old publication coming back. An import changes nothing that
    /// was stored later. What replaces another is weighed against the room that the other leaves.
    /// </summary>
    /// <param name="old">What is held of the key; null if nothing.</param>
    /// <param name="offered">The value; its <see cref="StoredValue.StoredAt"/> is the present moment, but for an import's.</param>
    /// <param name="kind">Where it comes from.</param>
    /// <param name="accounts">What the store holds, <paramref name="old"/> included.</param>
    public static StoreDecision Make(StoredValue? old, StoredValue offered, PutKind kind, StoreAccounts accounts)
    {
        ArgumentNullException.ThrowIfNull(offered);
        ArgumentNullException.ThrowIfNull(accounts);
        var rule = StoreRules.Check(offered.Value);
        if (rule != StoreResult.Stored)
        {
            return new StoreDecision(rule, null, false);
        }

        if (kind == PutKind.Import && old?.StoredAt > offered.StoredAt)
        {
            return new StoreDecision(StoreResult.Outdated, null, false);
        }

        if (old is not null && !old.IsExpired(offered.StoredAt))
        {
            if (old.Value == offered.Value)
            {
                return Renew(old, offered);
            }

            if (kind == PutKind.Copy && old.ExpiresAt >= offered.ExpiresAt)
            {
                return new StoreDecision(StoreResult.Outdated, null, false);
            }
        }

        if (kind == PutKind.Copy && offered.IsExpired(offered.StoredAt))
        {
            return new StoreDecision(StoreResult.Outdated, null, false);
        }

        var room = accounts.CheckRoom(old, offered);
        return room == StoreResult.Stored ? new StoreDecision(room, offered, true) : new StoreDecision(room, null, false);
    }

    private static StoreDecision Renew(StoredValue old, StoredValue offered)
    {
        var touched = old with { StoredAt = offered.StoredAt > old.StoredAt ? offered.StoredAt : old.StoredAt };
        var publishedAt = offered.PublishedAt ?? old.PublishedAt;
        if (offered.ExpiresAt - old.ExpiresAt <= NegligibleLife && publishedAt == old.PublishedAt)
        {
            return new StoreDecision(StoreResult.Stored, touched, false);
        }

        var expiresAt = offered.ExpiresAt > old.ExpiresAt ? offered.ExpiresAt : old.ExpiresAt;
        return new StoreDecision(StoreResult.Stored, touched with { ExpiresAt = expiresAt, PublishedAt = publishedAt }, true);
    }
}
