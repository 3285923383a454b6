namespace KadOrleans.Core.Clocks;

/// <summary>Which of the silos' clocks is the cluster's time.</summary>
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
