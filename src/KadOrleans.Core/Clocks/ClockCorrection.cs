using KadOrleans.Core.Values;

namespace KadOrleans.Core.Clocks;

/// <summary>
/// The wall clock was wrong and is right now. Times that were noted by the wrong clock are moved: without that, all values which a
/// node took before NTP set its clock would expire together.
/// </summary>
/// <param name="By">How far the clock was set; zero if it came back to where it was.</param>
/// <param name="Since">Since when the wrong clock was believed, by that clock.</param>
/// <param name="Until">Until when, by that clock.</param>
public sealed record ClockCorrection(TimeSpan By, DateTimeOffset Since, DateTimeOffset Until)
{
    /// <summary>
    /// A smaller correction moves nothing: a value that loses less than a day of its week is published again in time. A machine that
    /// slept looks like one whose clock was set; its nights must not prolong lives.
    /// </summary>
    public static readonly TimeSpan Smallest = TimeSpan.FromDays(1);

    /// <summary>Whether there is anything to move.</summary>
    public bool IsNeeded => By >= Smallest;

    /// <summary>
    /// A value with its times moved; null if it stays as it is. It is moved if it was stored by the wrong clock and its life could have begun
    /// by it: what was taken over from an earlier run and stored again has an end that is right.
    /// </summary>
    /// <param name="value">The value.</param>
    /// <param name="timeToLive">The longest life of a value.</param>
    public StoredValue? Move(StoredValue value, TimeSpan timeToLive)
    {
        ArgumentNullException.ThrowIfNull(value);
        return WasNoted(value.StoredAt) && value.ExpiresAt <= Until + timeToLive
            ? value with { StoredAt = value.StoredAt + By, ExpiresAt = value.ExpiresAt + By }
            : null;
    }

    /// <summary>A time of publication, moved; null if it stays as it is.</summary>
    public DateTimeOffset? Move(DateTimeOffset publishedAt) => WasNoted(publishedAt) ? publishedAt + By : null;

    private bool WasNoted(DateTimeOffset time) => IsNeeded && time >= Since && time <= Until;
}
