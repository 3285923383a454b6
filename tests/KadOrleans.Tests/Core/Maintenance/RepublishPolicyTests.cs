namespace KadOrleans.Tests.Core;

public class RepublishPolicyTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly KademliaOptions Options = new();
    private static readonly NodeId Key = NodeId.FromKey("key");

    [Fact]
    public void A_value_is_ripe_after_an_hour_and_due_evenly_by_holder_at_those_of_its_region_before_the_others()
    {
        var expiresAt = Start.AddDays(7);
        var random = new SeededRandomSource(2);
        AssertEven([.. Enumerable.Range(0, 1000).Select(_ => Key.RandomWithPrefix(4, random))], 64.5, 67);
        AssertEven([.. Enumerable.Range(0, 1000).Select(_ => Key.WithBit(0, !Key.GetBit(0)).RandomWithPrefix(1, random))], 67, 70);
        Assert.False(RepublishPolicy.IsDue(Key, Start, expiresAt, Key, 4, hasSentBefore: true, Start.AddMinutes(61).AddTicks(-1), Options));
        Assert.True(RepublishPolicy.IsDue(Key, Start, expiresAt, Key, 4, hasSentBefore: true, Start.AddMinutes(61), Options));
        Assert.False(RepublishPolicy.IsRipe(Start, expiresAt, Start.AddMinutes(60).AddTicks(-1), Options));
        Assert.True(RepublishPolicy.IsRipe(Start, expiresAt, Start.AddMinutes(60), Options));
        Assert.True(RepublishPolicy.IsDueAtCheck(Start, expiresAt, Start.AddMinutes(50), Options));
        Assert.False(RepublishPolicy.IsDueAtCheck(Start, expiresAt, Start.AddMinutes(50).AddTicks(-1), Options));

        void AssertEven(NodeId[] ids, double first, double last)
        {
            for (var share = 0.0; share <= 1; share += 0.25)
            {
                var due = ids.Count(id => RepublishPolicy.IsDue(Key, Start, expiresAt, id, 4, hasSentBefore: false, Start.AddMinutes(first + (share * (last - first))), Options));
                Assert.InRange(due, (share * 1000) - 50, (share * 1000) + 50);
            }
        }
    }

    [Fact]
    public void The_values_of_a_region_are_due_at_one_holder_first_and_those_of_another_region_at_another()
    {
        var ids = Enumerable.Range(0, 20).Select(i => NodeId.FromKey($"node {i}")).ToList();
        var random = new SeededRandomSource(1);
        var firsts = new HashSet<NodeId>();
        for (var region = 0; region < 16; region++)
        {
            var prefix = NodeId.Random(random);
            var first = Assert.Single(Enumerable.Range(0, 10).Select(_ => FirstFor(prefix.RandomWithPrefix(4, random))).Distinct());
            firsts.Add(first);
        }

        Assert.InRange(firsts.Count, 5, 16);

        NodeId FirstFor(NodeId key) => ids.MinBy(id => Enumerable.Range(0, 6_000).First(tick => RepublishPolicy.IsDue(
            key, Start, Start.AddDays(7), id, 4, hasSentBefore: false, Start.AddMinutes(64.5).AddSeconds(tick * 0.1), Options)));
    }

    [Theory]
    [InlineData(10, 0)]
    [InlineData(20, 0)]
    [InlineData(30, 1)]
    [InlineData(1_000, 6)]
    [InlineData(10_000, 9)]
    public void A_region_has_from_half_of_k_to_k_nodes(double nodes, int depth) => Assert.Equal(
        depth, RepublishPolicy.GetRegionDepth(new NetworkSizeEstimate(nodes, 1, 8), RoutingTableSnapshot.Empty(Key), bucketSize: 20));

    [Fact]
    public void Without_an_estimate_the_table_tells_the_regions_size_within_a_bit()
    {
        var random = new SeededRandomSource(3);
        var own = NodeId.Random(random);
        for (var nodes = 10; nodes <= 10_000; nodes *= 10)
        {
            var table = new RoutingTableSnapshot(own, 1, RandomNetwork.Contacts(Enumerable.Range(0, nodes).Select(_ => NodeId.Random(random))));
            var exact = RepublishPolicy.GetRegionDepth(new NetworkSizeEstimate(nodes, 0, 8), table, bucketSize: 20);
            Assert.InRange(RepublishPolicy.GetRegionDepth(null, table, bucketSize: 20), Math.Max(0, exact - 2), exact + 1);
        }
    }

    [Fact]
    public void An_expired_value_is_never_due()
    {
        var stored = new StoredValue(DhtValue.FromInteger(1), Start, Start.AddHours(2), default);
        Assert.True(RepublishPolicy.IsDue(Key, stored.StoredAt, stored.ExpiresAt, Key, 0, hasSentBefore: true, Start.AddHours(2).AddTicks(-1), Options));
        Assert.False(RepublishPolicy.IsDue(Key, stored.StoredAt, stored.ExpiresAt, Key, 0, hasSentBefore: true, Start.AddHours(2), Options));
        Assert.False(RepublishPolicy.IsDueAtCheck(stored.StoredAt, stored.ExpiresAt, Start.AddHours(2), Options));
    }

    [Theory]
    [InlineData("01:00:00", "1.00:00:00", "7.00:00:00", "01:00:00")]
    [InlineData("7.00:00:00", "1.00:00:00", "7.00:00:00", "01:00:00")]
    [InlineData("00:06:00", "1.00:00:00", "7.00:00:00", "00:06:00")]
    [InlineData("01:00:00", "00:30:00", "7.00:00:00", "00:15:00")]
    [InlineData("01:00:00", "1.00:00:00", "01:00:00", "00:15:00")]
    [InlineData("01:00:00", "00:01:00", "00:00:01", "00:01:00")]
    public void A_schedule_checks_once_per_interval_of_values_and_twice_per_that_of_publications(
        string republish, string publish, string life, string period) => Assert.Equal(
        TimeSpan.Parse(period, CultureInfo.InvariantCulture),
        RepublishPolicy.GetCheckPeriod(new KademliaOptions
        {
            RepublishInterval = TimeSpan.Parse(republish, CultureInfo.InvariantCulture),
            PublishInterval = TimeSpan.Parse(publish, CultureInfo.InvariantCulture),
            ValueTimeToLive = TimeSpan.Parse(life, CultureInfo.InvariantCulture),
        }));

    [Fact]
    public void A_publication_is_due_after_a_day_or_half_of_its_life()
    {
        Assert.False(RepublishPolicy.IsPublicationDue(Start, Start.AddHours(24).AddTicks(-1), Options));
        Assert.True(RepublishPolicy.IsPublicationDue(Start, Start.AddHours(24), Options));
        var brief = Options with { ValueTimeToLive = TimeSpan.FromHours(10) };
        Assert.False(RepublishPolicy.IsPublicationDue(Start, Start.AddHours(5).AddTicks(-1), brief));
        Assert.True(RepublishPolicy.IsPublicationDue(Start, Start.AddHours(5), brief));

        // With one that is due, those of the last hour before go out.
        Assert.False(RepublishPolicy.IsPublicationRipe(Start, Start.AddHours(23).AddTicks(-1), Options));
        Assert.True(RepublishPolicy.IsPublicationRipe(Start, Start.AddHours(23), Options));

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

public sealed class SweepProgressTests
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    private static readonly SweepProgress UnderWay = new()
    {
        At = Noon,
        BegunAt = Noon.AddMinutes(-2),
        Values = 10,
        Waiting = 4,
        Republished = 5,
        Published = 1,
        Regions = 3,
        RegionsDone = 2,
        Lateness = TimeSpan.FromMinutes(1),
        Overdue = TimeSpan.FromMinutes(16),
        OverdueLimit = TimeSpan.FromMinutes(15),
        LeftOut = 1,
    };

    private static readonly SweepProgress Ended = new()
    {
        At = Noon.AddSeconds(-5),
        IsLooking = true,
        BegunAt = Noon.AddHours(-1),
        EndedAt = Noon.AddMinutes(-50),
        Values = 100,
        Republished = 100,
        Regions = 9,
        RegionsDone = 9,
        Lateness = TimeSpan.FromMinutes(7),
        OverdueLimit = TimeSpan.FromMinutes(15),
        LeftOut = 2,
    };

    [Fact]
    public void That_of_several_nodes_is_of_the_sweeps_under_way_and_of_what_all_have_now() => Assert.Equal(
        UnderWay with { At = Ended.At, IsLooking = true, LeftOut = 3 },
        SweepProgress.Combine([Ended, null, UnderWay]));

    [Fact]
    public void Without_one_under_way_it_is_of_the_last_ones_and_nobody_that_tells_is_none()
    {
        var twice = SweepProgress.Combine([Ended, Ended])!;

        Assert.Equal((200, Ended.EndedAt, Ended.BegunAt), (twice.Values, twice.EndedAt, twice.BegunAt));
        Assert.Null(SweepProgress.Combine([null, null]));
        Assert.Null(SweepProgress.Combine([new SweepProgress { At = Noon }, new SweepProgress { At = Noon }])!.BegunAt);
    }

    [Fact]
    public void The_interval_is_missed_by_more_than_the_spread_of_holders_and_some_minutes()
    {
        Assert.Equal(TimeSpan.FromMinutes(15), RepublishPolicy.MostOverdue(new KademliaOptions()));
        Assert.True(UnderWay.MissesInterval);
        Assert.False((UnderWay with { Overdue = UnderWay.OverdueLimit }).MissesInterval);
        Assert.Equal(TimeSpan.FromMinutes(3), RepublishPolicy.GetLateness(Noon, Noon.AddMinutes(63), new KademliaOptions()));
        Assert.Equal(TimeSpan.Zero, RepublishPolicy.GetLateness(Noon, Noon.AddMinutes(59), new KademliaOptions()));
        Assert.Equal(TimeSpan.FromMinutes(3), RepublishPolicy.GetPublicationLateness(Noon, Noon.AddMinutes((24 * 60) + 3), new KademliaOptions()));
    }
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
        Assert.Equal([.. Enumerable.Range(0, 3).Select(i => (KeyOf(i), Start.AddMinutes(i)))], due.Take());
        Assert.Empty(due.Take());
    }

    [Theory]
    [InlineData(0, 400, 100)]
    [InlineData(1_200, 400, 100)]
    [InlineData(12_000, 400, 200)]
    [InlineData(1_000_000, 400, 400)]
    [InlineData(1_000_000, 2, 2)]
    [InlineData(0, 2, 2)]
    public void The_rate_follows_what_is_due_between_its_bounds(long due, double most, double rate) =>
        Assert.Equal(rate, RepublishPace.GetRate(due, most));

    private static NodeId KeyOf(int i) => NodeId.FromKey($"key {i}");
}
