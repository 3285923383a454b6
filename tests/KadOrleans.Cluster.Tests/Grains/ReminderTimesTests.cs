namespace KadOrleans.Cluster.Tests.Grains;

public sealed class ReminderTimesTests
{
    private static readonly DateTime First = new(2026, 1, 1, 0, 0, 0, DateTimeKind.Utc);
    private static readonly TimeSpan Period = TimeSpan.FromMinutes(5);

    [Theory]
    [InlineData(0, 0)]
    [InlineData(7, 7)]
    [InlineData(300, 0)]
    [InlineData(299.9, 0)]
    [InlineData(312, 12)]
    [InlineData(1540, 40)]
    public void Of_the_first_tick_that_is_seen_the_part_of_a_period_is_known(double at, double expected) =>
        Assert.Equal(expected, GrainReminder.LatenessOf(Tick(at), null).TotalSeconds);

    [Theory]
    [InlineData(0, 300, 0)]
    [InlineData(0.02, 299.99, 0)]
    [InlineData(299.99, 600.5, 0.5)]
    [InlineData(0, 640, 340)]
    [InlineData(20, 1210, 910)]
    public void After_a_tick_the_first_that_was_left_out_counts(double last, double at, double expected) =>
        Assert.Equal(expected, GrainReminder.LatenessOf(Tick(at), First.AddSeconds(last)).TotalSeconds, 6);

    private static TickStatus Tick(double seconds) => new(First, Period, First.AddSeconds(seconds));
}
