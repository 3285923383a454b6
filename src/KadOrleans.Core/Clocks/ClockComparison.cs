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
