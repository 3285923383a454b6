namespace KadOrleans.EdgeWorker.Clocks;

/// <summary>How far another clock is from one's own, by one question and its answer.</summary>
/// <param name="Difference">By how much the other is ahead, if the answer came from the middle of the wait for it.</param>
/// <param name="Uncertainty">Half of that wait: the other was read at some moment of it.</param>
public readonly record struct ClockComparison(TimeSpan Difference, TimeSpan Uncertainty)
{
    /// <summary>
    /// How far clocks may be apart. Values' lifetimes and reminders move by the difference when they pass from one
    /// silo to another; they are minutes to days long. Machines with NTP differ by much less.
    /// </summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    /// <summary>Whether the clocks are certainly further apart than <see cref="Bound"/>.</summary>
    public bool IsSkewed => Difference.Duration() - Uncertainty > Bound;

    /// <summary>Compares.</summary>
    /// <param name="asked">One's own time when the question left.</param>
    /// <param name="waited">How long the answer took.</param>
    /// <param name="theirs">What the other clock said.</param>
    public static ClockComparison Of(DateTimeOffset asked, TimeSpan waited, DateTimeOffset theirs) =>
        new(theirs - (asked + (waited / 2)), waited / 2);
}
