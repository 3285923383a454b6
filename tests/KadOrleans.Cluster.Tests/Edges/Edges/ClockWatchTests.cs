using FsCheck;
using FsCheck.Fluent;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cluster.Tests.Edges;

public sealed class ClockWatchTests : ILogger<ClockWatch>
{
    private readonly ManualTimeProvider _time = new();
    private readonly List<(LogLevel Level, string Text)> _lines = [];

    [Fact]
    public void A_skew_is_told_once_when_it_begins_and_once_when_it_ends()
    {
        using var watch = new ClockWatch(_time, this);
        Assert.Null(watch.Last);
        Record(watch, 0);
        Assert.Empty(_lines);

        Record(watch, 7);
        Record(watch, 8);
        Assert.True(watch.IsSkewed);
        Record(watch, -1);
        Assert.False(watch.IsSkewed);

        Assert.Equal([LogLevel.Warning, LogLevel.Information], _lines.Select(line => line.Level));
        Assert.StartsWith("The cluster's time is 7 s ahead", _lines[0].Text, StringComparison.Ordinal);
        Assert.Contains("NTP", _lines[0].Text, StringComparison.Ordinal);
    }

    [Fact]
    public void The_correction_is_zero_while_clocks_agree_to_a_second_and_stays_while_the_difference_does()
    {
        using var watch = new ClockWatch(_time, this);
        Record(watch, 0.9);
        Assert.Equal(TimeSpan.Zero, watch.Correction);
        Record(watch, -7);
        var correction = watch.Correction;
        Assert.Equal(TimeSpan.FromSeconds(-7), correction);
        Record(watch, -7.9);
        Assert.Equal(correction, watch.Correction);
        Record(watch, 0.1);
        Assert.InRange(watch.Correction, TimeSpan.Zero, TimeSpan.FromSeconds(0.2));
    }

    IDisposable? ILogger.BeginScope<TState>(TState state) => null;

    bool ILogger.IsEnabled(LogLevel logLevel) => true;

    void ILogger.Log<TState>(
        LogLevel logLevel, EventId eventId, TState state, Exception? exception, Func<TState, Exception?, string> formatter) =>
        _lines.Add((logLevel, formatter(state, exception)));

    private void Record(ClockWatch watch, double ahead)
    {
        var asked = _time.GetUtcNow();
        _time.Advance(TimeSpan.FromMilliseconds(100));
        var theirs = _time.GetUtcNow() + TimeSpan.FromSeconds(ahead);
        _time.Advance(TimeSpan.FromMilliseconds(100));
        watch.Record(ClockComparison.Of(asked, _time.GetUtcNow() - asked, theirs));
    }
}

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
