using KadOrleans.Core.Admission;

namespace KadOrleans.Core.Values;

/// <summary>A value as a node holds it.</summary>
/// <param name="Value">The value itself.</param>
/// <param name="StoredAt">When the last STORE of it arrived; republishing goes by this.</param>
/// <param name="ExpiresAt">From this moment on it is gone.</param>
/// <param name="Source">Whom its size is counted against.</param>
public sealed record StoredValue(DhtValue Value, DateTimeOffset StoredAt, DateTimeOffset ExpiresAt, SourceNetwork Source)
{
    /// <summary>
    /// When a client of the cluster whose shard holds the value published it last; null for what others published.
    /// Standalone nodes keep what they published in a place of its own.
    /// </summary>
    public DateTimeOffset? PublishedAt { get; init; }

    /// <summary>
    /// What a key and its value are counted as against quotas, in bytes: the content and a fixed share for the id,
    /// the times and the index entry, so that a flood of tiny values is bounded too.
    /// </summary>
    public int Footprint => Value.ContentLength + FixedFootprint;

    /// <summary>The part of <see cref="Footprint"/> that each key costs, in bytes.</summary>
    public const int FixedFootprint = 128;

    /// <summary>Whether the value is gone at <paramref name="now"/>.</summary>
    public bool IsExpired(DateTimeOffset now) => now >= ExpiresAt;

    /// <summary>How much of its life it has left at <paramref name="now"/>; zero when it is gone.</summary>
    public TimeSpan LifeLeft(DateTimeOffset now) => IsExpired(now) ? TimeSpan.Zero : ExpiresAt - now;
}
