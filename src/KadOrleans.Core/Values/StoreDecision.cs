namespace KadOrleans.Core.Values;

// What the store's owner is to do with an offered value. Held is null if nothing changes. What is held already needs no write:
// only StoredAt moves, and a restart that forgets this has the value republished a little early.
internal readonly record struct StoreDecision(StoreResult Result, StoredValue? Held, bool NeedsWrite)
{
    public IReadOnlyList<EvictedKey> Evicted { get; private init; } = [];

    // A live value of another source is replaced or lives longer: ChangeLimiter.Count has to know.
    public bool IsChange { get; private init; }

    /// <summary>A source takes back the key that another one took from it, which is free (<see cref="FormerSources"/>).</summary>
    public bool IsReturn { get; private init; }

    // A life that grows by less is not written: the copies that k holders exchange every hour differ by delays and rounding.
    public static readonly TimeSpan NegligibleLife = TimeSpan.FromMinutes(1);

    // The same value keeps its source and the later end of life; only its source or a trusted one sets an earlier end. Another
    // value is replaced, unless the offer is a copy that expires no later: then it is an old publication. An import changes
    // nothing that was stored later. No copy and no stranger replaces a publication of a cluster's client, even an expired one:
    // the shard has no other record of it. A replacement's quota check counts the room that the old value leaves.
    internal static StoreDecision Make(NodeId key, StoredValue? old, StoredValue offered, PutKind kind, StoreAccounts accounts, int slot)
    {
        if (StoreRules.FindRefusal(offered.Value) is { } refusal)
        {
            return Refuse(refusal);
        }

        var isAlive = old is not null && !old.IsExpired(offered.StoredAt);
        if (IsOutdated(old, isAlive, offered, kind))
        {
            return Refuse(StoreResult.Outdated);
        }

        if ((isAlive || IsPublished(old)) && old!.Value == offered.Value)
        {
            return Renew(old, offered, kind, accounts.Changes);
        }

        var isChange = isAlive && kind != PutKind.Import && old!.Source != offered.Source && !offered.Source.IsTrusted;
        var isReturn = isChange && accounts.Former.Has(key, offered.Source, offered.StoredAt);
        if (isChange && !isReturn && !accounts.Changes.Allows(offered.Source, offered.StoredAt))
        {
            return Refuse(StoreResult.ChangeLimitExceeded);
        }

        var room = accounts.FindRoom(key, slot, StoreShare.Of(offered), out var evicted);
        return room == StoreResult.Stored
            ? new StoreDecision(room, offered, true) { Evicted = evicted, IsChange = isChange, IsReturn = isReturn }
            : Refuse(room);
    }

    private static StoreDecision Refuse(StoreResult result) => new(result, null, false);

    private static bool IsOutdated(StoredValue? old, bool isAlive, StoredValue offered, PutKind kind) => kind switch
    {
        PutKind.Import => old?.StoredAt > offered.StoredAt,
        _ when IsPublished(old) && old!.Value != offered.Value && !MayEndPublication(offered, kind) => true,
        PutKind.Copy when isAlive => old!.Value != offered.Value && old.ExpiresAt >= offered.ExpiresAt,
        PutKind.WithLife when isAlive && old!.Source.IsTrusted => old.Value != offered.Value && old.ExpiresAt >= offered.ExpiresAt,
        PutKind.Copy or PutKind.WithLife => offered.IsExpired(offered.StoredAt),
        PutKind.Publication => false,
        _ => throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind."),
    };

    private static bool IsPublished(StoredValue? value) => value?.PublishedAt is not null;

    private static bool MayEndPublication(StoredValue offered, PutKind kind) =>
        IsPublished(offered) || (kind == PutKind.Publication && offered.Source.IsTrusted);

    // The same value again. A trusted source's set makes it the trusted source's, whose values are never evicted. A copy does not
    // change its source, as the sender did not publish it. Another public source that lengthens its life makes a change, and
    // never lengthens what a trusted source stored. Only an offer that lives about as long as the held value counts as a STORE
    // for republishing. Otherwise a stranger could stop all holders' republishing by copies that are about to expire.
    private static StoreDecision Renew(StoredValue old, StoredValue offered, PutKind kind, ChangeLimiter changes)
    {
        var longer = offered.ExpiresAt - old.ExpiresAt;
        var isStranger = kind != PutKind.Import
            && offered.Source is { IsTrusted: false, IsPrivate: false }
            && offered.Source != old.Source
            && !old.IsExpired(offered.StoredAt);

        // Else a set of this node, or of one that it trusts, would be refused because its own former value lives longer.
        var isLengthened = longer > NegligibleLife && !(isStranger && old.Source.IsTrusted);
        var isChange = isLengthened && isStranger && !IsOrdinary(old, offered, kind);
        if (isChange && !changes.Allows(offered.Source, offered.StoredAt))
        {
            return Refuse(StoreResult.ChangeLimitExceeded);
        }

        var isShortened = kind == PutKind.WithLife && longer < TimeSpan.Zero && !IsPublished(old)
            && (offered.Source.IsTrusted || offered.Source == old.Source);
        var isLater = offered.StoredAt > old.StoredAt && (isShortened || longer >= -NegligibleLife);
        var touched = old with
        {
            StoredAt = isLater ? offered.StoredAt : old.StoredAt,
            IsFar = old.IsFar && offered.IsFar,
            Source = offered.Source.IsTrusted && kind != PutKind.Copy ? offered.Source : old.Source,
        };
        var publishedAt = offered.PublishedAt ?? old.PublishedAt;
        if (!isLengthened
            && !isShortened
            && publishedAt == old.PublishedAt
            && touched.IsFar == old.IsFar
            && touched.Source == old.Source)
        {
            return new StoreDecision(StoreResult.Stored, touched, false);
        }

        var expiresAt = isShortened || isLengthened || (longer > TimeSpan.Zero && !isStranger) ? offered.ExpiresAt : old.ExpiresAt;
        return new StoreDecision(StoreResult.Stored, touched with { ExpiresAt = expiresAt, PublishedAt = publishedAt }, true)
        {
            IsChange = isChange,
        };
    }

    // By the publisher, or by holders that know of no lives: without a life, while at least half of a full one is left.
    private static bool IsOrdinary(StoredValue old, StoredValue offered, PutKind kind) =>
        kind == PutKind.Publication && 2 * old.LifeLeft(offered.StoredAt) >= offered.LifeLeft(offered.StoredAt);
}
