namespace KadOrleans.Core.Values;

/// <summary>
/// The mark of a cluster's publication that the network has yet to get: a <see cref="StoredValue.PublishedAt"/> a thousand years before the
/// value was set. Every release takes such a publication for due, so the next check sends it.
/// </summary>
internal static class PendingPublication
{
    private static readonly TimeSpan Before = TimeSpan.FromDays(365_000);

    // Halfway between a mark and a time.
    private static readonly DateTimeOffset Latest = new(1500, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static DateTimeOffset Mark(DateTimeOffset now) => now - Before;

    public static bool IsMark(DateTimeOffset publishedAt) => publishedAt < Latest;

    /// <summary>When the value was published, or set if this is a mark.</summary>
    public static DateTimeOffset TimeOf(DateTimeOffset publishedAt) => IsMark(publishedAt) ? publishedAt + Before : publishedAt;

    public static DateTimeOffset? TimeOf(DateTimeOffset? publishedAt) => publishedAt is { } time ? TimeOf(time) : null;
}
