namespace KadOrleans.Core.Values;

/// <summary>
/// Gives the versions of one store's writes. Each is the time in microseconds since 1970 UTC, or one more than the highest before, so they rise
/// through deletions and over a clock that is set back. Below 2^53 until the year 2255, so that a number of JSON holds one. Not thread-safe.
/// </summary>
internal sealed class VersionClock
{
    public static readonly TimeSpan Lead = TimeSpan.FromDays(1);

    // Of the year 9999.
    private static readonly long LatestTime = TimeOf(DateTimeOffset.MaxValue);

    /// <summary>The highest that was given or seen; 0 before the first one.</summary>
    public long Last { get; private set; }

    public static long TimeOf(DateTimeOffset time) => (time - DateTimeOffset.UnixEpoch).Ticks / TimeSpan.TicksPerMicrosecond;

    /// <summary>The time of a write by its version, which may be later by a microsecond for each write in the same one. Null of 0, which is none.</summary>
    public static DateTimeOffset? FindTime(long version) =>
        version > 0 && version <= LatestTime ? DateTimeOffset.UnixEpoch.AddTicks(version * TimeSpan.TicksPerMicrosecond) : null;

    public long Next(DateTimeOffset now) => Last = Math.Max(Last + 1, TimeOf(now));

    /// <summary>A version was given by an earlier run, or elsewhere.</summary>
    public void See(long version) => Last = Math.Max(Last, version);

    /// <summary>
    /// The version that a value brings along if it is higher than the one before of its key, and else the next one. One that is further ahead than
    /// <see cref="Lead"/>, and was not given here, is not taken: whoever may put could use the numbers up.
    /// </summary>
    public long Choose(long brought, long before, DateTimeOffset now)
    {
        if (brought <= before || brought > Math.Max(Last, TimeOf(now + Lead)))
        {
            See(before);
            return Next(now);
        }

        See(brought);
        return brought;
    }
}
