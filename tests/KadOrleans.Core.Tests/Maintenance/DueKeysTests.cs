using KadOrleans.Core.Maintenance;

namespace KadOrleans.Core.Tests.Maintenance;

public sealed class DueKeysTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Keys_come_out_with_the_longest_wait_first()
    {
        var due = new DueKeys(3);
        due.Add(KeyOf(2), Start.AddMinutes(2));
        due.Add(KeyOf(0), Start);
        due.Add(KeyOf(1), Start.AddMinutes(1));

        Assert.Equal([KeyOf(0), KeyOf(1), KeyOf(2)], due.Take());
    }

    [Fact]
    public void Beyond_the_capacity_the_last_ones_stored_are_left_out_and_counted()
    {
        var due = new DueKeys(3);
        foreach (var i in new[] { 5, 1, 4, 0, 3, 2 })
        {
            due.Add(KeyOf(i), Start.AddMinutes(i));
        }

        Assert.Equal(6, due.Count);
        Assert.Equal([KeyOf(0), KeyOf(1), KeyOf(2)], due.Take());
        Assert.Empty(due.Take());
    }

    [Theory]
    [InlineData(0, 400, 20)]
    [InlineData(1_200, 400, 20)]
    [InlineData(6_000, 400, 100)]
    [InlineData(1_000_000, 400, 400)]
    [InlineData(1_000_000, 2, 2)]
    [InlineData(0, 2, 2)]
    public void The_rate_follows_what_is_due_between_its_bounds(long due, double most, double rate) =>
        Assert.Equal(rate, RepublishPace.GetRate(due, most));

    private static NodeId KeyOf(int i) => NodeId.FromKey($"key {i}");
}
