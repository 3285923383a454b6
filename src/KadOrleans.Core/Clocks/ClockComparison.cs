namespace KadOrleans.Core.Clocks;

/// <summary>
/// How far another clock is ahead of one's own if it was read halfway through a call. The uncertainty is half the call's duration.
/// </summary>
internal readonly record struct ClockComparison(TimeSpan Difference, TimeSpan Uncertainty)
{
    /// <summary>
    /// How far clocks may be apart. Values' lives and reminders shift by the difference when they move between silos; they are minutes to
    /// days long. Machines with NTP differ by much less.
    /// </summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    public bool IsSkewed => Difference.Duration() - Uncertainty > Bound;

    public static ClockComparison Of(DateTimeOffset asked, TimeSpan waited, DateTimeOffset theirs) =>
        new(theirs - (asked + (waited / 2)), waited / 2);
}

/// <summary>
/// What to add to a clock to get the cluster's time. Zero while they agree to a second. A correction that moved with each comparison would
/// reorder values that were taken in at nearly the same time. Safe for several threads.
/// </summary>
internal sealed class ClusterCorrection
{
    private static readonly TimeSpan Agreement = TimeSpan.FromSeconds(1);

    private long _value;

    public TimeSpan Value => new(Interlocked.Read(ref _value));

    /// <summary>Follows a comparison with the cluster's time. Returns by how much the correction grew; zero if it stays.</summary>
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
    /// <summary>
    /// The clock in the middle: one wrong clock among three or more does not move it. Of an even number two are in the middle. Then the one
    /// nearer to the time agreed on before is chosen: of two silos the clock of the one that was there first. Without such a time it is the
    /// slower one. Silos with the same votes, in the same order, choose the same clock.
    /// </summary>
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

/// <summary>
/// A silo's clock, and what it took for the cluster's time so far, both as seen from the silo that chooses. Null if it has just started.
/// </summary>
internal readonly record struct ClockVote(ClockComparison Clock, TimeSpan? Agreed);
