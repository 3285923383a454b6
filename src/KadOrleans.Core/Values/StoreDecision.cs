namespace KadOrleans.Core.Values;

// What the store's owner is to do with an offered value. Held is null if nothing changes. What is held already needs no write:
// only StoredAt moves, and a restart that forgets this has the value republished a little early.
internal readonly record struct StoreDecision(StoreResult Result, StoredValue? Held, bool NeedsWrite)
{
    public IReadOnlyList<EvictedKey> Evicted { get; internal init; } = [];

    /// <summary>The version of the held value after it, or of the value that an earlier try of the call has written; 0 if there is neither.</summary>
    public long Version { get; init; }

    // A live value of another source is replaced or lives longer: ChangeLimiter.Count has to know.
    public bool IsChange { get; private init; }

    /// <summary>
    /// A source takes back the key that another one took from it, which is free (<see cref="FormerSources"/>), or stores it anew after that one's value
    /// has ended.
    /// </summary>
    public bool IsReturn { get; private init; }

    // A life that grows by less is not written: the copies that k holders exchange every hour differ by delays and rounding.
    public static readonly TimeSpan NegligibleLife = TimeSpan.FromMinutes(1);

    // A node's STORE arrives within this time after it was decided on: a PING for a token, the STORE, and both once more for another token,
    // each with its retry and at the longest timeout. A trusted node's STORE of an earlier value may so come after a client's set, and ends
    // no publication that is younger.
    public static readonly TimeSpan LatestStore = TimeSpan.FromSeconds(45);

    // The same value keeps its source and the later end of life; only its source or a trusted one sets an earlier end. Another
    // value is replaced, unless the offer is a copy that expires no later: then it is an old publication. An import changes
    // nothing that was stored later. No copy and no stranger replaces a publication of a cluster's client, even an expired one:
    // the shard has no other record of it. A replacement's quota check counts the room that the old value leaves. Where an item is held or
    // offered its owner's signature decides instead (ItemPut).
    internal static StoreDecision Make(NodeId key, StoredValue? old, StoredValue offered, PutTerms terms, StoreAccounts accounts, int slot)
    {
        if (StoreRules.FindRefusal(offered.Value) is { } refusal)
        {
            return Refuse(refusal);
        }

        if (ItemPut.Decide(key, old, offered, terms, accounts, slot) is { } ofItem)
        {
            return ofItem;
        }

        if (offered.IsKept)
        {
            return Refuse(StoreResult.InvalidItem);
        }

        if (terms.Condition?.IsMet(old, offered) == false)
        {
            return Refuse(StoreResult.Superseded);
        }

        var isAlive = old is not null && !old.IsExpired(offered.StoredAt);
        if (IsOutdated(old, isAlive, offered, terms))
        {
            return Refuse(StoreResult.Outdated);
        }

        var isSame = (isAlive || IsPublished(old)) && old!.Value == offered.Value;
        if (isSame && !IsToBeAuthored(old!, isAlive, offered, terms))
        {
            return Renew(old!, offered, terms, accounts.Changes);
        }

        var isOthers = isAlive && terms.Kind != PutKind.Import && !IsOwn(old!, offered);
        var isReturn = accounts.Former.Has(key, offered.Source, offered.StoredAt)
            && (isOthers ? MayReturn(key, old!, offered, terms, accounts.Former) : !isAlive);
        if (isAlive && !isReturn && IsOutOfScope(old!, terms.Scope))
        {
            return Refuse(RefusalOutOfScope(old!, offered));
        }

        var isChange = isOthers && !offered.Source.IsTrusted;
        IReadOnlyList<EvictedKey> evicted = [];
        var result = isChange && !isReturn && !accounts.Changes.Allows(offered.Source, offered.StoredAt)
            ? StoreResult.ChangeLimitExceeded
            : accounts.FindRoom(key, slot, StoreShare.Of(offered), isNext: false, out evicted);
        return result == StoreResult.Stored
            ? new StoreDecision(result, isSame ? TakenOver(old!, offered, terms) : offered, true)
            {
                Evicted = evicted,
                IsChange = isChange,
                IsReturn = isReturn,
            }
            : isSame ? Renew(old!, offered, terms, accounts.Changes)
            : Refuse(result);
    }

    // An author writes what is held as nobody's: its own value again, which came without a token or was replaced and put back in somebody's
    // name, or one that anybody could write. It costs what a change costs, as it can be had by two.
    private static bool IsToBeAuthored(StoredValue old, bool isAlive, StoredValue offered, PutTerms terms) =>
        isAlive
        && !old.IsAuthored
        && !old.Source.IsTrusted
        && offered is { IsAuthored: true, Source.IsProven: true }
        && terms.Kind is PutKind.Publication or PutKind.WithLife
        && !IsOwn(old, offered);

    private static StoredValue TakenOver(StoredValue old, StoredValue offered, PutTerms terms) => offered with
    {
        IsFar = old.IsFar && offered.IsFar,
        ExpiresAt = terms.Kind == PutKind.Publication && old.ExpiresAt > offered.ExpiresAt ? old.ExpiresAt : offered.ExpiresAt,
    };

    internal static StoreDecision Refuse(StoreResult result) => new(result, null, false);

    /// <summary>An earlier try of the call has written the value with this version.</summary>
    internal static StoreDecision Done(long version) => new(StoreResult.Stored, null, false) { Version = version };

    // Of what is to be held: a renewal has the version that it renews, a program's put a new one, and another value one that is higher than the one
    // before. What is restored or published again brings its own, which counts if it is higher.
    internal StoreDecision WithVersion(StoredValue? before, StoredValue offered, PutTerms terms, VersionClock versions)
    {
        if (Held is not { } held)
        {
            return this;
        }

        var isRenewed = before is not null
            && before.Value == held.Value
            && (!before.IsExpired(offered.StoredAt) || IsPublished(before));
        if (isRenewed && !terms.IsWrite && offered.Version <= before!.Version)
        {
            // What was taken over is made of the offer, which has neither.
            var kept = held.Version == before.Version && held.CallId == before.CallId
                ? held
                : held with { Version = before.Version, CallId = before.CallId };
            return this with { Held = kept, Version = kept.Version };
        }

        var version = versions.Choose(offered.Version, before?.Version ?? 0, offered.StoredAt);
        return this with { Held = held with { Version = version, CallId = terms.CallId }, NeedsWrite = true, Version = version };
    }

    private static bool IsOutdated(StoredValue? old, bool isAlive, StoredValue offered, PutTerms terms) => terms.Kind switch
    {
        // Its writer has read what it replaces.
        _ when terms.Condition is { Version: not null } => false,
        PutKind.Import => old?.StoredAt > offered.StoredAt,
        _ when IsPublished(old) && old!.Value != offered.Value && !MayEndPublication(old, offered, terms) => true,
        PutKind.Copy when isAlive => old!.Value != offered.Value && old.ExpiresAt >= offered.ExpiresAt,
        PutKind.WithLife when isAlive && old!.Source.IsTrusted => old.Value != offered.Value && old.ExpiresAt >= offered.ExpiresAt,
        PutKind.Copy or PutKind.WithLife => offered.IsExpired(offered.StoredAt),
        PutKind.Publication => false,
        _ => throw new ArgumentOutOfRangeException(nameof(terms), terms.Kind, "Unknown kind."),
    };

    internal static bool IsPublished(StoredValue? value) => value?.PublishedAt is not null;

    // Whether the value is held, but the put may not change it.
    private static bool IsOutOfScope(StoredValue old, PutScope scope) => scope switch
    {
        PutScope.Anything => false,
        PutScope.Unauthored => old.IsAuthored,
        PutScope.Nothing => true,
        _ => throw new ArgumentOutOfRangeException(nameof(scope), scope, "Unknown scope."),
    };

    // Whether a former source takes its key back from another one. Without a token it may put back the value that it had stored without one, and not
    // over this node's own: whoever forges its address then restores what was there, and nothing else. A copy is no writer's.
    private static bool MayReturn(NodeId key, StoredValue old, StoredValue offered, PutTerms terms, FormerSources former) =>
        terms.Scope != PutScope.Nothing
        && (!old.IsAuthored
            || offered.IsAuthored
            || (terms.Kind != PutKind.Copy && !old.Source.IsTrusted && former.HasPlain(key, offered.Value)));

    // No STORE without a token changes what the same source wrote with one, not even within the bound of all such changes: a source that shows
    // tokens could use that up by values of its own.
    private static StoreResult RefusalOutOfScope(StoredValue old, StoredValue offered) =>
        old is { IsAuthored: true, Source.IsProven: true } && old.Source.Address == offered.Source.Address
            ? StoreResult.NotOwner
            : StoreResult.TokenRequired;

    // Whether the source that wrote the held value writes again. One that shows a token also has what was written in its name without.
    internal static bool IsOwn(StoredValue old, StoredValue offered) =>
        offered.Source == old.Source || (offered.Source.IsProven && offered.Source.Address == old.Source);

    // Trust alone does not: the address of a trusted node can be forged as any other.
    private static bool MayEndPublication(StoredValue old, StoredValue offered, PutTerms terms) =>
        IsPublished(offered)
        || terms.Condition is { EndsPublication: true }
        || (terms.Kind == PutKind.Publication
            && offered is { Source.IsTrusted: true, IsAuthored: true }
            && !(offered.StoredAt - old.LastPublished < LatestStore));

    // The same value again. A trusted source's set makes it the trusted source's, whose values are never evicted. A copy does not
    // change its source, as the sender did not publish it. Another public source that lengthens its life makes a change, and
    // never lengthens what a trusted source stored. Only an offer that lives about as long as the held value counts as a STORE
    // for republishing. Otherwise a stranger could stop all holders' republishing by copies that are about to expire. Out of its
    // scope an offer renews as any holder's does, and changes nothing else.
    private static StoreDecision Renew(StoredValue old, StoredValue offered, PutTerms terms, ChangeLimiter changes)
    {
        var kind = terms.Kind;
        var longer = offered.ExpiresAt - old.ExpiresAt;
        var isAlive = !old.IsExpired(offered.StoredAt);
        var isOwn = IsOwn(old, offered);
        var isOutOfScope = isAlive && IsOutOfScope(old, terms.Scope);
        var isStranger = kind != PutKind.Import && offered.Source is { IsTrusted: false, IsPrivate: false } && !isOwn && isAlive;

        // Else a set of this node, or of one that it trusts, would be refused because its own former value lives longer.
        var isLengthened = longer > NegligibleLife
            && !(isStranger && old.Source.IsTrusted)
            && !(isOutOfScope && !IsOrdinary(old, offered, kind));
        var isChange = isLengthened && isStranger && !IsOrdinary(old, offered, kind);
        if (isChange && !changes.Allows(offered.Source, offered.StoredAt))
        {
            return Refuse(StoreResult.ChangeLimitExceeded);
        }

        // Of a writer who has read it a life ends the publication, as another value would.
        var endsPublication = terms.Condition is { EndsPublication: true } || (kind == PutKind.WithLife && terms.Condition is { Version: not null });
        var isShortened = kind == PutKind.WithLife && longer < TimeSpan.Zero && (!IsPublished(old) || endsPublication)
            && (offered.Source.IsTrusted || isOwn || (isOutOfScope && offered.Source.Address == old.Source.Address));
        if (isShortened && isOutOfScope)
        {
            return Refuse(RefusalOutOfScope(old, offered));
        }

        var isLater = IsLater(old, offered) && (isShortened || longer >= -NegligibleLife);
        var isTakenOver = offered.Source.IsTrusted && kind != PutKind.Copy && !isOutOfScope;
        var touched = old with
        {
            StoredAt = isLater ? offered.StoredAt : old.StoredAt,
            IsFar = old.IsFar && offered.IsFar,
            Source = isTakenOver || isOwn ? offered.Source : old.Source,

            // No copy makes an author's what others wrote: it tells what its sender was told.
            IsAuthored = old.IsAuthored || (offered.IsAuthored && (offered.Source.IsTrusted || isOwn || kind == PutKind.Import)),
        };
        var publishedAt = endsPublication ? null : offered.PublishedAt ?? old.PublishedAt;
        if (!terms.IsWrite
            && !isLengthened
            && !isShortened
            && publishedAt == old.PublishedAt
            && touched.IsFar == old.IsFar
            && touched.Source == old.Source
            && touched.IsAuthored == old.IsAuthored)
        {
            return new StoreDecision(StoreResult.Stored, touched, false);
        }

        var isTail = longer > TimeSpan.Zero && !isStranger && !isOutOfScope;
        var expiresAt = isShortened || isLengthened || isTail ? offered.ExpiresAt : old.ExpiresAt;
        return new StoreDecision(StoreResult.Stored, touched with { ExpiresAt = expiresAt, PublishedAt = publishedAt }, true)
        {
            IsChange = isChange,
        };
    }

    // A time far ahead was noted by a clock that has been set back since: it would never be later.
    internal static bool IsLater(StoredValue old, StoredValue offered) =>
        offered.StoredAt > old.StoredAt || old.StoredAt - offered.StoredAt > SteadyAges.Tolerance;

    // By the publisher, or by holders that know of no lives: without a life, while at least half of a full one is left.
    private static bool IsOrdinary(StoredValue old, StoredValue offered, PutKind kind) =>
        kind == PutKind.Publication && 2 * old.LifeLeft(offered.StoredAt) >= offered.LifeLeft(offered.StoredAt);
}
