using KadOrleans.Core.Values;

namespace KadOrleans.Shards;

/// <summary>
/// Where a shard has a value, and when the cluster published it. <see cref="HeldKey.Place"/> has both: 36 bits of minutes and 20 bits of
/// the page. A page has a key once, so its number is enough.
/// </summary>
/// <param name="Page">The number of the page that has the value; <see cref="Log"/> if none has it yet.</param>
/// <param name="Minutes">Whole minutes from the year 1 to its last publication; 0 if it is not published.</param>
internal readonly record struct ValuePlace(int Page, long Minutes)
{
    /// <summary>The value is in the log, and in memory.</summary>
    public const int Log = -1;

    /// <summary>The highest page number that a place can name.</summary>
    public const int MaxPage = (1 << PageBits) - 2;

    private const int PageBits = 20;

    public bool IsPublished => Minutes != 0;

    /// <summary>When the cluster published it last, up to a minute early; null if it did not.</summary>
    public DateTimeOffset? PublishedAt => IsPublished ? new DateTimeOffset(Minutes * TimeSpan.TicksPerMinute, TimeSpan.Zero) : null;

    public static ValuePlace Of(int page, DateTimeOffset? publishedAt) =>
        new(page, publishedAt is { } time ? Math.Max(1, time.UtcTicks / TimeSpan.TicksPerMinute) : 0);

    public static ValuePlace Of(in HeldKey held) => new((int)(held.Place & ((1 << PageBits) - 1)) - 1, held.Place >> PageBits);

    public long ToInt64() => (Minutes << PageBits) | (uint)(Page + 1);
}
