using KadOrleans.Core.Clocks;

namespace KadOrleans.Core.Tests.Clocks;

/// <summary>Which of the silos' clocks is the cluster's time.</summary>
public sealed class AgreedClockTests
{
    [Theory]
    [InlineData(new[] { 0.0 }, null, 0)]
    [InlineData(new[] { 0.0, 0.1, -1_200 }, null, 0)]
    [InlineData(new[] { 0.0, 0.1, 1_200 }, null, 0.1)]
    [InlineData(new[] { 0.0, 1_200.1, 1_200 }, null, 1_200)]
    [InlineData(new[] { 0.0, 20, 0.2, 0.1 }, null, 0.1)]
    [InlineData(new[] { 0.0, -20, 0.2, 0.1 }, null, 0)]
    [InlineData(new[] { 0.0, 20 }, null, 0)]
    [InlineData(new[] { 0.0, -20 }, null, -20)]
    [InlineData(new[] { 0.0, 20 }, 19.9, 20)]
    [InlineData(new[] { 0.0, -20 }, 0.1, 0)]
    [InlineData(new[] { 0.0, 20, 40 }, 0.0, 20)]
    public void The_clock_in_the_middle_holds_and_of_two_the_one_that_held_before(double[] clocks, double? agreed, double expected)
    {
        ClockVote[] votes = [.. clocks.Select(clock => new ClockVote(Comparison(clock), agreed is { } time ? TimeSpan.FromSeconds(time) : null))];

        Assert.Equal(expected, AgreedClock.Choose(votes).Difference.TotalSeconds, 0.001);
    }

    /// <summary>Each silo sees the same clocks from its own. All choose one, and a wrong one is none of those that are right.</summary>
    [Theory]
    [InlineData(3)]
    [InlineData(4)]
    [InlineData(7)]
    public void All_silos_choose_the_same_clock_and_not_the_wrong_one(int count)
    {
        foreach (var wrong in new[] { -1_200.0, -20, 20, 1_200 })
        {
            double[] clocks = [.. Enumerable.Range(0, count - 1).Select(i => i * 0.01), wrong];
            double?[] known = [.. clocks.Select((_, i) => i == 1 ? 0.005 : (double?)null)];
            var chosen = clocks.Select(own => own + AgreedClock.Choose(
                [.. clocks.Zip(known, (clock, time) => new ClockVote(Comparison(clock - own), time is { } it ? TimeSpan.FromSeconds(it - own) : null))]).Difference.TotalSeconds);

            Assert.All(chosen, time => Assert.InRange(time, -0.001, count * 0.01));
        }
    }

    private static ClockComparison Comparison(double seconds) => new(TimeSpan.FromSeconds(seconds), TimeSpan.Zero);
}
