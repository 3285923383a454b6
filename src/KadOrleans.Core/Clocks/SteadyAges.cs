namespace KadOrleans.Core;

/// <summary>
/// How long ago times of the wall clock were noted, though it was set meanwhile: by hours, or by the sleep of a machine. So what was noted
/// before does not become due, nor stay undue, by that. Immutable.
/// </summary>
internal sealed class SteadyAges
{
    /// <summary>A smaller step of the clock is drift.</summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);

    /// <summary>How many times that the clock was set are remembered, the last ones.</summary>
    public const int MostSteps = 8;

    // More than the pause between two looks, after which a step is noticed.
    private static readonly TimeSpan Unnoticed = TimeSpan.FromMinutes(2);

    // The last one first: from which wall time on it is right, and what the wall clock is ahead of the steady one.
    private readonly (DateTimeOffset From, TimeSpan Lead)[] _stretches;
    private readonly DateTimeOffset _seenAt;

    /// <param name="now">The wall clock.</param>
    /// <param name="elapsed">A clock that no one sets.</param>
    public SteadyAges(DateTimeOffset now, TimeSpan elapsed)
        : this([(DateTimeOffset.MinValue, LeadOf(now, elapsed))], now)
    {
    }

    private SteadyAges((DateTimeOffset From, TimeSpan Lead)[] stretches, DateTimeOffset seenAt) => (_stretches, _seenAt) = (stretches, seenAt);

    /// <summary>How often the clock was set, as far as that is remembered.</summary>
    public int Steps => _stretches.Length - 1;

    /// <summary>Compares the clocks, to be done each minute.</summary>
    public SteadyAges Observe(DateTimeOffset now, TimeSpan elapsed)
    {
        if ((LeadOf(now, elapsed) - _stretches[0].Lead).Duration() <= Tolerance)
        {
            return new SteadyAges(_stretches, now);
        }

        // Times between the last look and now, which no clock has shown, are noted ones that were corrected since.
        var last = _seenAt + Unnoticed;
        return new SteadyAges([(last < now ? last : now, LeadOf(now, elapsed)), .. _stretches.Take(MostSteps)], now);
    }

    /// <summary>The time that the wall clock would have shown when a time was noted, if it had been set as it is now. Never after now.</summary>
    public DateTimeOffset ByPresentClock(DateTimeOffset noted, DateTimeOffset now)
    {
        // Where two stretches have the same time, the later one counts; but the present one has not shown what is after now.
        var present = _stretches[0].Lead;
        var lead = noted >= _stretches[0].From && noted <= now
            ? present
            : _stretches.Skip(1).Where(stretch => noted >= stretch.From).Select(static stretch => stretch.Lead).FirstOrDefault(present);

        // What an earlier run noted ahead of now was noted by a clock that was wrong: nobody knows when.
        return now - (now - noted - present + lead).Duration();
    }

    private static TimeSpan LeadOf(DateTimeOffset now, TimeSpan elapsed) => now - DateTimeOffset.UnixEpoch - elapsed;
}
