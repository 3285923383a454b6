using KadOrleans.Core.Clocks;
using FsCheck;
using FsCheck.Fluent;

namespace KadOrleans.EdgeWorker.Tests.Edges;

public sealed class ClockComparisonTests
{
    private static readonly DateTimeOffset Asked = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(0, 0, false)]
    [InlineData(5, 0, false)]
    [InlineData(-5, 0, false)]
    [InlineData(5.1, 0, true)]
    [InlineData(-5.1, 0, true)]
    [InlineData(6, 2, false)]
    [InlineData(7.1, 2, true)]
    [InlineData(-7.1, 5, false)]
    [InlineData(86400, 10, true)]
    public void Clocks_are_skewed_if_the_wait_for_the_answer_does_not_explain_it(double ahead, double waited, bool isSkewed)
    {
        var wait = TimeSpan.FromSeconds(waited);
        var comparison = ClockComparison.Of(Asked, wait, Asked + (wait / 2) + TimeSpan.FromSeconds(ahead));

        Assert.Equal(isSkewed, comparison.IsSkewed);
        Assert.Equal(ahead, comparison.Difference.TotalSeconds, 6);
    }

    [Fact]
    public void Clocks_that_agree_are_never_skewed_whenever_the_other_was_read() => Prop
        .ForAll(
            Gen.Choose(0, 100_000).ToArbitrary(),
            Gen.Choose(0, 1_000).ToArbitrary(),
            (milliseconds, part) =>
            {
                var waited = TimeSpan.FromMilliseconds(milliseconds);
                return !ClockComparison.Of(Asked, waited, Asked + (waited * (part / 1_000.0))).IsSkewed;
            })
        .QuickCheckThrowOnFailure();
}
