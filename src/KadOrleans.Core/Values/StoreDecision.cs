using System.Runtime.CompilerServices;

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

/// <summary>The origin of a put value, which decides what it may replace.</summary>
public enum PutKind
{
    /// <summary>From its publisher: it replaces whatever is held.</summary>
    Publication,

    /// <summary>From another holder, with what is left of its life: an old publication coming back replaces nothing.</summary>
    Copy,

    /// <summary>From a state file, with the time it was stored at: what was stored later stays.</summary>
    Import,

    /// <summary>
    /// From its publisher, who chose how long it lives: it replaces what strangers stored, and what ends sooner. Its source may shorten
    /// the life that it gave.
    /// </summary>
    WithLife,
}

/// <summary>The result of storing a value on this node.</summary>
public enum StoreResult
{
    /// <summary>The value is held, and durable where the store is.</summary>
    Stored,

    /// <summary>The value's encoded request would be longer than 8,192 bytes.</summary>
    TooLarge,

    /// <summary>The value is of none of the five types.</summary>
    UnsupportedType,

    /// <summary>The source has used up its share of keys or bytes.</summary>
    SourceQuotaExceeded,

    /// <summary>The node holds as many keys or bytes as it may.</summary>
    TotalQuotaExceeded,

    /// <summary>The storage behind the node failed; nothing was promised.</summary>
    StorageFailed,

    /// <summary>A copy of a publication that is older than what is held, or whose life is over; or an import of what was stored earlier.</summary>
    Outdated,

    /// <summary>The subnet has used up its share of keys or bytes.</summary>
    SubnetQuotaExceeded,

    /// <summary>The node is not responsible for the key, and such values already fill all but the reserve.</summary>
    FarQuotaExceeded,

    /// <summary>The source, or its subnet, has changed too many values of others within the hour.</summary>
    ChangeLimitExceeded,

    /// <summary>Too many values wait for the storage; nothing was promised.</summary>
    Busy,

    /// <summary>The value was taken in too long ago, so its sender has timed out; nothing was promised.</summary>
    Late,

    /// <summary>Another value of the key, which was taken in later, is held; nothing was promised.</summary>
    Overtaken,
}

/// <summary>The values that a store evicted or replaced since it was opened.</summary>
/// <param name="EvictedFar">Values evicted so that others had room, of keys for which the node was not responsible.</param>
/// <param name="EvictedNear">Values evicted of other keys.</param>
/// <param name="Changed">Live values that another source than the one that stored them replaced, or made live longer.</param>
public readonly record struct StoreTurnover(long EvictedFar, long EvictedNear, long Changed)
{
    /// <summary>Values evicted, of all keys.</summary>
    public long Evicted => EvictedFar + EvictedNear;

    internal StoreTurnover Add(StoreDecision decision)
    {
        var far = decision.Evicted.Count(evicted => evicted.IsFar);
        return new StoreTurnover(
            EvictedFar + far, EvictedNear + decision.Evicted.Count - far, Changed + (decision.IsChange ? 1 : 0));
    }

    /// <summary>Both together.</summary>
    public StoreTurnover Add(StoreTurnover other) =>
        new(EvictedFar + other.EvictedFar, EvictedNear + other.EvictedNear, Changed + other.Changed);
}

internal static class StoreRules
{
    /// <summary>In bytes. A request body has at most 8,192: 52 for the call, 3 for the value's header.</summary>
    public const int MaxContentLength = 8137;

    /// <summary>365 days. A node holds a value at most for its own time to live.</summary>
    public const int MaxLifeSeconds = 365 * 24 * 60 * 60;

    /// <summary>The sender gets no response, and may offer the value again.</summary>
    public static bool IsUndecided(this StoreResult result) =>
        result is StoreResult.StorageFailed or StoreResult.Busy or StoreResult.Late or StoreResult.Overtaken;

    public static void ThrowIfNoLife(TimeSpan life, [CallerArgumentExpression(nameof(life))] string? name = null)
    {
        if (life < TimeSpan.FromSeconds(1) || life > TimeSpan.FromSeconds(MaxLifeSeconds))
        {
            throw new ArgumentOutOfRangeException(name, life, $"The life is {life}; 00:00:01 to 365.00:00:00 is allowed.");
        }
    }

    /// <summary>Why a value cannot be sent to, and is not accepted from, the network.</summary>
    public static StoreResult? FindRefusal(DhtValue value) => value switch
    {
        { Kind: DhtValueKind.None } => StoreResult.UnsupportedType,
        { ContentLength: > MaxContentLength } => StoreResult.TooLarge,
        _ => null,
    };

    public static void ThrowIfRefused(DhtValue value, [CallerArgumentExpression(nameof(value))] string? name = null)
    {
        if (FindRefusal(value) is { } refusal)
        {
            throw new ArgumentException(
                refusal == StoreResult.TooLarge
                    ? $"The value is {value.ContentLength} bytes long; at most {MaxContentLength} are allowed."
                    : "The value is empty (default(DhtValue)).",
                name);
        }
    }
}

/// <summary>
/// Bounds of what a node holds for others; each is 0 or more. When one is reached, a new value evicts others or is refused (ADR 16).
/// </summary>
public sealed record StoreQuota
{
    /// <summary>The largest part of a store that may be reserved, in percent: strangers' far values need room too.</summary>
    public const int MaxReservePercent = 90;

    /// <summary>No bounds: for stores that only trusted code fills.</summary>
    public static StoreQuota Unlimited => new()
    {
        TotalKeys = int.MaxValue,
        TotalBytes = long.MaxValue,
        KeysPerSource = int.MaxValue,
        BytesPerSource = long.MaxValue,
        KeysPerSubnet = int.MaxValue,
        BytesPerSubnet = long.MaxValue,
        ReservePercent = 0,
        ChangesPerSource = int.MaxValue,
        ChangesPerSubnet = int.MaxValue,
    };

    /// <summary>A quota of this size, of which one source and one subnet may have the same parts as by default.</summary>
    /// <param name="keys">Keys in all, 1 or more.</param>
    /// <param name="bytes">Footprint of all values in bytes, 1 or more.</param>
    public static StoreQuota OfTotal(int keys, long bytes) => new()
    {
        TotalKeys = keys,
        TotalBytes = bytes,
        KeysPerSource = Math.Max(1, keys / 10),
        BytesPerSource = Math.Max(1, bytes / 10),
        KeysPerSubnet = Math.Max(1, keys / 5),
        BytesPerSubnet = Math.Max(1, bytes / 5),
    };

    /// <summary>Keys in all. Default 1,000,000.</summary>
    public int TotalKeys { get; set; } = 1_000_000;

    /// <summary>Footprint of all values in bytes. Default 1 GiB.</summary>
    public long TotalBytes { get; set; } = 1L << 30;

    /// <summary>Keys of one source. Default 100,000: a tenth of the whole.</summary>
    public int KeysPerSource { get; set; } = 100_000;

    /// <summary>Footprint of one source's values in bytes. Default 100 MiB: a tenth of the whole.</summary>
    public long BytesPerSource { get; set; } = 100L << 20;

    /// <summary>
    /// Keys of one subnet, an IPv4 /24 or an IPv6 /48. Default 200,000: a fifth of the whole. Private, link-local and loopback
    /// addresses are exempt.
    /// </summary>
    public int KeysPerSubnet { get; set; } = 200_000;

    /// <summary>Footprint of one subnet's values in bytes, with the same exemption. Default 200 MiB: a fifth of the whole.</summary>
    public long BytesPerSubnet { get; set; } = 200L << 20;

    /// <summary>
    /// The part of <see cref="TotalKeys"/> and of <see cref="TotalBytes"/> that strangers' values cannot take if this node is
    /// not among the k nearest to their keys. Percent, 0 to <see cref="MaxReservePercent"/>; default 20. Too little, and a
    /// flood evicts near values sooner; too much, and less is held for others. Of a subnet's quota it is also the part
    /// up to which its near values evict far ones of networks that use less.
    /// </summary>
    public int ReservePercent { get; set; } = 20;

    /// <summary>
    /// Live values that one source may change in an hour although another one stored them; as many at once. Default 600: a
    /// publisher whose address changed goes on unhindered. Private, link-local and loopback addresses are exempt.
    /// </summary>
    public int ChangesPerSource { get; set; } = 600;

    /// <summary>The limit of changes for a subnet, with the same exemption. Default 2,400.</summary>
    public int ChangesPerSubnet { get; set; } = 2_400;

    // An operator changed the quota: a store that has more keeps it and takes no further key. Otherwise each put makes room.
    internal bool KeepsHeld { get; init; }

    internal long FarKeys => Without(TotalKeys);

    internal long FarBytes => Without(TotalBytes);

    // Near keys of one subnet that take the place of anybody's far ones: its part of the reserve. Further ones do so only where
    // others use more. No bound for who may have the whole.
    internal long NearKeysPerSubnet => KeysPerSubnet >= TotalKeys ? long.MaxValue : (long)KeysPerSubnet * ReservePercent / 100;

    internal long NearBytesPerSubnet =>
        BytesPerSubnet >= TotalBytes ? long.MaxValue : (long)((Int128)BytesPerSubnet * ReservePercent / 100);

    private long Without(long total) => total - (long)((Int128)total * ReservePercent / 100);
}
