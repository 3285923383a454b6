using KadOrleans.Core.Items;

namespace KadOrleans.Core.Values;

/// <summary>How a value is offered to a store: where it comes from, what it may change, and what must be held for it.</summary>
/// <remarks>A <see cref="PutKind"/> alone is such terms: the put may change anything that the kind allows, whatever is held.</remarks>
/// <param name="Kind">The origin of the value.</param>
public readonly record struct PutTerms(PutKind Kind)
{
    /// <summary>What of the held value the put may change. Default: anything.</summary>
    public PutScope Scope { get; init; }

    /// <summary>What must be held. Otherwise the put changes nothing and is <see cref="StoreResult.Superseded"/>. Null: no condition.</summary>
    public PutCondition? Condition { get; init; }

    /// <summary>
    /// Whether a program puts the value: it then has a version of its own, also if the same value is held. It is <see cref="StoredValue.Version"/> of the
    /// offered value if that is higher than the one before, and else the store gives it one.
    /// </summary>
    public bool IsWrite { get; init; }

    /// <summary>The version that a value of this node's own has, where it is published from here; 0: the store gives it one.</summary>
    internal long Version { get; init; }

    /// <summary>
    /// Of a put under a condition, the id of the call, not 0: if the held value was written by it the put is done, whatever the condition is.
    /// 0: the call is not repeated.
    /// </summary>
    public long CallId { get; init; }

    /// <summary>
    /// Whether the call may have been made before. If its condition does not hold and nothing shows that it was not done, the put is
    /// <see cref="StoreResult.Unknown"/> in place of <see cref="StoreResult.Superseded"/>.
    /// </summary>
    public bool IsRepeat { get; init; }

    /// <summary>The item that the value is, once it was checked for the key. Without it a value that begins as an item does is refused.</summary>
    internal CheckedItem? Item { get; init; }

    /// <summary>Terms without a bound and without a condition.</summary>
    public static implicit operator PutTerms(PutKind kind) => new(kind);
}

/// <summary>What of a live held value a put may change: its content, its source, and its life by more than a usual renewal.</summary>
public enum PutScope
{
    /// <summary>Any value, within the rules of its <see cref="PutKind"/>.</summary>
    Anything,

    /// <summary>
    /// What was held without <see cref="StoredValue.IsAuthored"/>. Of the rest a source may put back what it had stored without a token before another
    /// one took the key. Else it is <see cref="StoreResult.TokenRequired"/>, or <see cref="StoreResult.NotOwner"/> over what the same source wrote.
    /// </summary>
    Unauthored,

    /// <summary>No value: it may only store a new key, or renew. Else it is <see cref="StoreResult.TokenRequired"/>.</summary>
    Nothing,
}

/// <summary>
/// What a store must hold of a key, alive or not, when it decides a put. Work that reads a value, asks the network for seconds and
/// writes back names what it read, so that nothing that was stored meanwhile is undone.
/// </summary>
public sealed record PutCondition
{
    /// <summary>The held content must be that of the put itself: it is a renewal.</summary>
    public static PutCondition SameValue { get; } = new();

    /// <summary>Nothing that lives may be held: the put stores what was missing.</summary>
    public static PutCondition NothingHeld { get; } = new() { IsAbsent = true };

    /// <summary>Whether nothing that lives may be held. The other properties then do not matter.</summary>
    public bool IsAbsent { get; init; }

    /// <summary>The content that must be held; null for that of the put.</summary>
    public DhtValue? Value { get; init; }

    /// <summary>
    /// The version that must be held (<see cref="StoredValue.Version"/>), of a value that lives or is published; null if it does not matter. A put
    /// that names it replaces also what is published or lives longer. The other properties then do not matter.
    /// </summary>
    public long? Version { get; init; }

    /// <summary>The mark of the publication that must be held, see <see cref="StoredValue.PublishedAt"/>; null if it does not matter.</summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>When the held value was stored at the latest, to the millisecond; null if it does not matter.</summary>
    public DateTimeOffset? StoredBy { get; init; }

    /// <summary>
    /// The sequence number of the owner's item that must be held (BEP 44, "CAS"); null if it does not matter. Where none is held, or the offered item
    /// itself is, the put is done. The other properties then do not matter, but for <see cref="EndsPublication"/>.
    /// </summary>
    public long? Seq { get; init; }

    /// <summary>Whether the put also ends the publication that <see cref="PublishedAt"/> names. The value stays.</summary>
    public bool EndsPublication { get; init; }

    /// <summary>
    /// Until when the held item must be kept for its owner; null if it does not matter. The put ends that, and the item then has the put's end of
    /// life.
    /// </summary>
    internal DateTimeOffset? KeptUntil { get; init; }

    /// <summary>The owner's item with this sequence number must be held, or nothing of an owner.</summary>
    public static PutCondition HasSeq(long seq) => new() { Seq = seq };

    /// <summary>A value with this version must be held; with 0 nothing that lives.</summary>
    public static PutCondition HasVersion(long version) => version == 0 ? NothingHeld : new() { Version = version };

    /// <summary>The held value, with nothing stored since.</summary>
    public static PutCondition Unchanged(StoredValue held)
    {
        ArgumentNullException.ThrowIfNull(held);
        return new() { Value = held.Value, PublishedAt = held.PublishedAt, StoredBy = held.StoredAt };
    }

    // Of an item that is held already: whether its sender may have stored it by this put, whose answer was lost. A renewal asks for what it
    // has read, and is not such a put.
    internal bool IsDoneByHolding(DhtValue offered) => IsAbsent || Seq is not null || Version is not null || (Value is { } expected && expected != offered);

    // The sequence number is compared by the rule of items.
    internal bool IsMet(StoredValue? held, StoredValue offered) => Seq is not null
        || (IsAbsent ? held is null || held.IsExpired(offered.StoredAt)
            : Version is { } version ? HasVersion(held, version, offered.StoredAt)
            : held is not null && (IsAsRead(held, offered.Value) || IsDone(held, offered)));

    /// <summary>Whether a value with a version is held, which lives or is published.</summary>
    internal static bool HasVersion(StoredValue? held, long version, DateTimeOffset now) =>
        held is not null && held.Version == version && (held.PublishedAt is not null || !held.IsExpired(now));

    private bool IsAsRead(StoredValue held, DhtValue offered) =>
        held.Value == (Value ?? offered)
        && (PublishedAt is null || PublishedAt == held.PublishedAt)
        && (KeptUntil is null || KeptUntil == held.KeptUntil)
        && (StoredBy is not { } latest || held.StoredAt - latest < TimeSpan.FromMilliseconds(1));

    // A shard may decide a put again whose outcome was unclear, and then finds the mark that the put itself has set.
    private bool IsDone(StoredValue held, StoredValue offered) =>
        PublishedAt is not null
        && offered.PublishedAt is not null
        && held.PublishedAt == offered.PublishedAt
        && held.Value == offered.Value;
}
