namespace KadOrleans.Core.Clocks;

/// <summary>How far another clock is from one's own, measured by one call.</summary>
/// <param name="Difference">By how much the other clock is ahead, if it was read halfway through the call.</param>
/// <param name="Uncertainty">Half the call's duration: the other clock was read at some moment of it.</param>
internal readonly record struct ClockComparison(TimeSpan Difference, TimeSpan Uncertainty)
{
    /// <summary>
    /// How far clocks may be apart. Values' lives and reminders shift by the difference when they move between silos; they are minutes to
    /// days long. Machines with NTP differ by much less.
    /// </summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    /// <summary>Whether the clocks are certainly further apart than <see cref="Bound"/>.</summary>
    public bool IsSkewed => Difference.Duration() - Uncertainty > Bound;

    /// <summary>Compares.</summary>
    /// <param name="asked">One's own time when the call began.</param>
    /// <param name="waited">The call's duration.</param>
    /// <param name="theirs">The other clock's time.</param>
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

    /// <summary>What to add.</summary>
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
