namespace KadOrleans.Core;

// How far another clock, read halfway through a call, is ahead of ours. The uncertainty is half the call's duration.
internal readonly record struct ClockComparison(TimeSpan Difference, TimeSpan Uncertainty)
{
    // Values' lives and reminders shift by up to this when they move between silos. NTP keeps much less.
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    public bool IsSkewed => Difference.Duration() - Uncertainty > Bound;

    public static ClockComparison Of(DateTimeOffset asked, TimeSpan waited, DateTimeOffset theirs) =>
        new(theirs - (asked + (waited / 2)), waited / 2);
}

// What to add to a clock to get the cluster's time; zero while they agree to a second. Following each comparison would reorder
// values that were stored at nearly the same time. Safe for several threads.
internal sealed class ClusterCorrection
{
    private static readonly TimeSpan Agreement = TimeSpan.FromSeconds(1);

    private long _value;

    public TimeSpan Value => new(Interlocked.Read(ref _value));

    /// <summary>Returns by how much the correction grew; zero if it stays.</summary>
    public TimeSpan Follow(ClockComparison cluster)
    {
        var step = cluster.Difference - Value;
        if (step.Duration() - cluster.Uncertainty <= Agreement)
        {
            return TimeSpan.Zero;
        }

        Interlocked.Exchange(ref _value, cluster.Difference.Ticks);
        return step;
    }
}

internal static class AgreedClock
{
    // The clock in the middle: one wrong clock of three or more does not move it. Of two in the middle it is the one nearer to
    // the time agreed on before, which the silo that was there first has. Without such a time it is the slower one. Silos with
    // the same votes, in the same order, choose the same clock.
    public static ClockComparison Choose(IReadOnlyList<ClockVote> votes)
    {
        ArgumentOutOfRangeException.ThrowIfZero(votes.Count, nameof(votes));
        ClockComparison[] clocks = [.. votes.Select(vote => vote.Clock).OrderBy(clock => clock.Difference)];
        var (lower, upper) = (clocks[(clocks.Length - 1) / 2], clocks[clocks.Length / 2]);
        return votes.FirstOrDefault(vote => vote.Agreed is not null).Agreed is { } agreed
            && (upper.Difference - agreed).Duration() < (lower.Difference - agreed).Duration()
            ? upper
            : lower;
    }
}

// A silo's clock and what it took for the cluster's time so far, as the choosing silo sees them. Null after a start.
internal readonly record struct ClockVote(ClockComparison Clock, TimeSpan? Agreed);

internal static class ClockReadings
{
    extension(DateTimeOffset now)
    {
        /// <summary>How long ago a time was. A time ahead is from before the clock was set back, and counts as past.</summary>
        public TimeSpan Since(DateTimeOffset then) => (now - then).Duration();
    }
}
