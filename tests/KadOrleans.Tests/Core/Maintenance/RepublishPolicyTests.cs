namespace KadOrleans.Tests.Core;

public class RepublishPolicyTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly KademliaOptions Options = new();
    private static readonly NodeId Key = NodeId.FromKey("key");

    [Fact]
    public void A_value_is_due_an_hour_to_seventy_minutes_after_its_last_store_evenly_by_holder()
    {
        var stored = new StoredValue(DhtValue.FromInteger(1), Start, Start.AddDays(7), default);
        var ids = Enumerable.Range(0, 1000).Select(i => NodeId.FromKey($"node {i}")).ToList();
        for (var minute = 0; minute <= 10; minute++)
        {
            var now = Start.AddMinutes(60 + minute);
            Assert.DoesNotContain(ids, id => RepublishPolicy.IsDue(Key, stored.StoredAt, stored.ExpiresAt, id, 0, Start.AddMinutes(60).AddTicks(-1), Options));
            Assert.InRange(ids.Count(id => RepublishPolicy.IsDue(Key, stored.StoredAt, stored.ExpiresAt, id, 0, now, Options)), (minute * 100) - 50, (minute * 100) + 50);
        }

        Assert.True(RepublishPolicy.IsDueAtCheck(stored.StoredAt, stored.ExpiresAt, Start.AddMinutes(50), Options));
        Assert.False(RepublishPolicy.IsDueAtCheck(stored.StoredAt, stored.ExpiresAt, Start.AddMinutes(50).AddTicks(-1), Options));
    }

    [Fact]
    public void An_expired_value_is_never_due()
    {
        var stored = new StoredValue(DhtValue.FromInteger(1), Start, Start.AddHours(2), default);
        Assert.True(RepublishPolicy.IsDue(Key, stored.StoredAt, stored.ExpiresAt, Key, 0, Start.AddHours(2).AddTicks(-1), Options));
        Assert.False(RepublishPolicy.IsDue(Key, stored.StoredAt, stored.ExpiresAt, Key, 0, Start.AddHours(2), Options));
        Assert.False(RepublishPolicy.IsDueAtCheck(stored.StoredAt, stored.ExpiresAt, Start.AddHours(2), Options));
    }

    [Fact]
    public void A_publication_is_due_after_a_day_or_half_of_its_life()
    {
        Assert.False(RepublishPolicy.IsPublicationDue(Start, Start.AddHours(24).AddTicks(-1), Options));
        Assert.True(RepublishPolicy.IsPublicationDue(Start, Start.AddHours(24), Options));
        var brief = Options with { ValueTimeToLive = TimeSpan.FromHours(10) };
        Assert.False(RepublishPolicy.IsPublicationDue(Start, Start.AddHours(5).AddTicks(-1), brief));
        Assert.True(RepublishPolicy.IsPublicationDue(Start, Start.AddHours(5), brief));

        // One of a clock that was years ahead is due at once.
        Assert.True(RepublishPolicy.IsPublicationDue(Start.AddYears(10), Start, Options));
        Assert.False(RepublishPolicy.IsPublicationDue(Start.AddHours(1), Start, Options));
    }

    [Fact]
    public void The_k_nearest_by_what_they_know_are_responsible() => Randomized.ForSteps(20, 60, steps =>
    {
        var ids = steps.Select((step, i) => NodeId.FromKey($"{step}/{i}")).ToList();
        var own = ids[0];
        var table = new RoutingTableSnapshot(own, 1, RandomNetwork.Contacts(ids.Skip(1)));
        for (var k = 1; k <= 64; k += 9)
        {
            var rank = table.Contacts.Count(contact => contact.Id.DistanceTo(Key) < own.DistanceTo(Key));
            Assert.Equal(rank < k, RepublishPolicy.IsResponsible(Key, table, k));
        }
    });
}

public sealed class DueKeysTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Keys_come_with_the_longest_wait_first_and_beyond_the_capacity_the_last_ones_stored_are_left_out_and_counted()
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
