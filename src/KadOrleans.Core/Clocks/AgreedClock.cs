namespace KadOrleans.Core;

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
