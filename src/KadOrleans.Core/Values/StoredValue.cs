namespace KadOrleans.Core.Values;

/// <summary>A value as a node holds it. Of each there may be millions, so times are kept as eight bytes.</summary>
public sealed record StoredValue
{
    private readonly long _storedAt;

    // The second highest bit, which no time uses, is a mark: with it the end is after every time.
    private readonly long _expiresAt;
    private const long KeptBit = 1L << 62;

    // Zero: not published. The two highest bits, which no time uses, are marks: a field would cost eight bytes each.
    private readonly long _publishedAt;
    private const long FarBit = long.MinValue;
    private const long AuthoredBit = 1L << 62;
    private const long Marks = FarBit | AuthoredBit;

    // A pending publication is marked as published so much before it was set, see PendingSince.
    private static readonly TimeSpan PendingShift = TimeSpan.FromDays(365_000);

    // Halfway between a mark and a time.
    private static readonly DateTimeOffset LatestMark = new(1500, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>A value as it arrived, or as it was held elsewhere.</summary>
    public StoredValue(DhtValue value, DateTimeOffset storedAt, DateTimeOffset expiresAt, SourceNetwork source) =>
        (Value, Source, _storedAt, _expiresAt) = (value, source, storedAt.UtcTicks, expiresAt.UtcTicks);

    /// <summary>The value itself.</summary>
    public DhtValue Value { get; init; }

    /// <summary>When the last STORE of it arrived; republishing goes by this. UTC.</summary>
    public DateTimeOffset StoredAt { get => new(_storedAt, TimeSpan.Zero); init => _storedAt = value.UtcTicks; }

    /// <summary>From this moment on it is gone; of a kept item, it is not kept any more. UTC.</summary>
    public DateTimeOffset ExpiresAt
    {
        get => new(_expiresAt & ~KeptBit, TimeSpan.Zero);
        init => _expiresAt = (_expiresAt & KeptBit) | value.UtcTicks;
    }

    /// <summary>
    /// Whether this node or cluster keeps it for its owner until <see cref="ExpiresAt"/> (ADR 46). Such an item is not evicted, does not expire, and
    /// is sent again each hour, until its store is told that the time is over. No other value is kept.
    /// </summary>
    public bool IsKept
    {
        get => (_expiresAt & KeptBit) != 0;
        init => _expiresAt = (_expiresAt & ~KeptBit) | (value ? KeptBit : 0);
    }

    /// <summary>Until when it is kept for its owner, in UTC; null of what is not.</summary>
    public DateTimeOffset? KeptUntil => IsKept ? ExpiresAt : null;

    /// <summary>The source that it is counted against.</summary>
    public SourceNetwork Source { get; init; }

    /// <summary>
    /// When a client of the cluster whose shard holds the value published it last, in UTC; null for what others published.
    /// Standalone nodes keep what they published in a place of its own.
    /// </summary>
    public DateTimeOffset? PublishedAt
    {
        get => (_publishedAt & ~Marks) is not 0 and var ticks ? new DateTimeOffset(ticks, TimeSpan.Zero) : null;
        init => _publishedAt = (_publishedAt & Marks) | (value?.UtcTicks ?? 0);
    }

    /// <summary>A cluster's publication that the network has yet to get, see <see cref="PendingSince"/>.</summary>
    internal bool IsPending => PublishedAt < LatestMark;

    /// <summary>When the value was published, or set if that is pending.</summary>
    internal DateTimeOffset? LastPublished => IsPending ? PublishedAt + PendingShift : PublishedAt;

    // The mark of a publication that the network has yet to get: a thousand years before, which every release takes for due.
    internal static DateTimeOffset PendingSince(DateTimeOffset time) => time - PendingShift;

    /// <summary>
    /// Whether the node that took the value for its cluster is not responsible for the key. False if unknown. Far values are
    /// evicted first. A cluster's shards store this; standalone nodes judge by <see cref="ResponsibleArea"/>.
    /// </summary>
    public bool IsFar
    {
        get => _publishedAt < 0;
        init => _publishedAt = (_publishedAt & ~FarBit) | (value ? FarBit : 0);
    }

    /// <summary>
    /// Whether its writer was known: this node or cluster itself, or whoever showed a write token. A write that shows none changes it
    /// only within one bound for all such writes (ADR 39).
    /// </summary>
    public bool IsAuthored
    {
        get => (_publishedAt & AuthoredBit) != 0;
        init => _publishedAt = (_publishedAt & ~AuthoredBit) | (value ? AuthoredBit : 0);
    }

    /// <summary>
    /// Which write of its key it is: microseconds since 1970 UTC, or one more than the version before if that is later, so it only rises. Another
    /// value has another one, and each put by a program; what renews, publishes again, moves or restores a value keeps it. 0: its store has yet to
    /// give it one.
    /// </summary>
    public long Version { get; init; }

    /// <summary>The id of the call that wrote it, by which that call finds its own success when it is repeated; 0 without one.</summary>
    public long CallId { get; init; }

    /// <summary>
    /// The bytes that a key and its value count against quotas: the content, and a fixed part for id, times and index entry. So a flood of
    /// tiny values is bounded too.
    /// </summary>
    public int Footprint => Value.ContentLength + FixedFootprint;

    /// <summary>The part of <see cref="Footprint"/> that each key costs, in bytes.</summary>
    public const int FixedFootprint = 128;

    /// <summary>Whether the value is gone at <paramref name="now"/>. A kept item never is.</summary>
    public bool IsExpired(DateTimeOffset now) => now.UtcTicks >= _expiresAt;

    /// <summary>How much of its life it has left at <paramref name="now"/>; zero when it is gone.</summary>
    public TimeSpan LifeLeft(DateTimeOffset now) => ExpiresAt > now ? ExpiresAt - now : TimeSpan.Zero;

    // With no time of storing that is to come: a clock that is ahead would keep later puts out, and let what is held count as expired.
    internal StoredValue StoredBy(DateTimeOffset now) => StoredAt > now ? this with { StoredAt = now } : this;

    // The item as any other: it has lived since its last STORE, and does so for a time to live at most.
    internal StoredValue Release(TimeSpan timeToLive) => this with { IsKept = false, ExpiresAt = StoredAt + timeToLive };

    /// <summary>Whether all is the same but <see cref="IsFar"/> and which write it was: <see cref="Version"/> and <see cref="CallId"/>.</summary>
    public bool Equals(StoredValue? other) =>
        other is not null
        && Value == other.Value
        && Source == other.Source
        && _storedAt == other._storedAt
        && _expiresAt == other._expiresAt
        && PublishedAt == other.PublishedAt
        && IsAuthored == other.IsAuthored;

    /// <inheritdoc/>
    public override int GetHashCode() => UniversalHash.OfProcess.Compute(
        ((ulong)(uint)Value.GetHashCode() << 32) | (uint)Source.GetHashCode(), (ulong)_storedAt, (ulong)_expiresAt);
}
