namespace KadOrleans.Node;

// The wall clock was wrong and is right now. Times that it noted from Since to Until, by itself, are moved. Otherwise all values
// stored before NTP set the clock would expire together. By is zero if the clock came back to where it was.
internal sealed record ClockCorrection(TimeSpan By, DateTimeOffset Since, DateTimeOffset Until)
{
    // A smaller correction moves nothing: a value that loses less than a day of its week is published again in time. The nights
    // of a machine that slept must not prolong lives.
    public static readonly TimeSpan Smallest = TimeSpan.FromDays(1);

    public bool IsNeeded => By >= Smallest;

    // Null if its times are right. A value moves if the wrong clock stored it and its life could have begun by that clock. A
    // value of an earlier run that was stored again has the right end.
    // Until when an item is kept its keeper has said; that it is so stays as it is.
    public StoredValue? Move(StoredValue value, TimeSpan timeToLive) =>
        !WasNoted(value.StoredAt) ? null
        : value.IsKept ? value with { StoredAt = value.StoredAt + By, IsKept = false }
        : value.ExpiresAt <= Until + timeToLive
            ? value with { StoredAt = value.StoredAt + By, ExpiresAt = value.ExpiresAt + By }
            : null;

    public DateTimeOffset? Move(DateTimeOffset publishedAt) => WasNoted(publishedAt) ? publishedAt + By : null;

    private bool WasNoted(DateTimeOffset time) => IsNeeded && time >= Since && time <= Until;
}
