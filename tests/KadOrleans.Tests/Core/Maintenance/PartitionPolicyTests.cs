namespace KadOrleans.Tests.Core;

public sealed class PartitionPolicyTests
{
    private const int BucketSize = 4;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Another_part_shows_by_a_contact_near_the_own_id_that_the_table_lacks()
    {
        var table = Table(1, 2, 4, 8);
        Assert.True(IsOfAnotherPart(table, 3));
        Assert.True(IsOfAnotherPart(table, 16, 7));
        Assert.False(IsOfAnotherPart(table, 16));
        Assert.False(IsOfAnotherPart(table, 1, 2, 4, 8));
        Assert.False(IsOfAnotherPart(table));
        Assert.False(IsOfAnotherPart(table, 0));

        // A table that is not full lacks every contact.
        Assert.True(IsOfAnotherPart(Table(1), 200));
        Assert.True(IsOfAnotherPart(Table(), 200));
        Assert.False(PartitionPolicy.IsOfAnotherPart(Table(), [Contact(3) with { Endpoint = UdpEndpoint.Parse("224.0.0.1:80") }], BucketSize));
    }

    [Fact]
    public void Parts_have_grown_together_when_a_quarter_of_the_nearest_contacts_is_new()
    {
        Assert.True(PartitionPolicy.HasGrownTogether(Table(1, 2, 4, 8), Table(1, 2, 4, 3), BucketSize));
        Assert.False(PartitionPolicy.HasGrownTogether(Table(1, 2, 4, 8), Table(1, 2, 4, 8, 16, 17, 18), BucketSize));
        Assert.True(PartitionPolicy.HasGrownTogether(Table(), Table(200), BucketSize));
        Assert.False(PartitionPolicy.HasGrownTogether(Table(1, 2), Table(1), BucketSize));
    }

    [Fact]
    public void Of_each_part_only_the_nearest_node_sends_a_value_out_again()
    {
        int[] part = [0, 1, 2, 3, 70, 130, 200, 255];
        for (var key = 0; key < 256; key++)
        {
            var nearest = part.Where(own => PartitionPolicy.GetRegion(TableOf(own, [.. part.Where(other => other != own)])).Contains(Id(key)));
            Assert.Equal([part.MinBy(id => id ^ key)], nearest);
        }

        Assert.True(PartitionPolicy.GetRegion(Table()).Contains(Id(200)));
    }

    [Fact]
    public void A_merge_has_found_others_than_those_on_whose_word_it_was_made()
    {
        var subnets = new SubnetDiversity();
        var large = Enumerable.Range(100, 40).ToArray();
        Assert.True(HasFound([.. large], [.. large, 1, 2, 3]));
        Assert.False(HasFound([.. large], [.. large, 1]));
        Assert.False(HasFound([.. large], [.. large]));

        // One is the whole other part, or much of it, in a small network.
        Assert.True(HasFound([100], [100, 1, 2]));
        Assert.False(HasFound([100], [100, 1]));

        // Other ports of the informant, and another host of its subnet.
        var ports = Enumerable.Range(1, 3).Select(port => Contact(10 + port) with { Endpoint = Contact(1).Endpoint.WithPort((ushort)port) });
        Assert.False(PartitionPolicy.HasFound(Table(100), new RoutingTableSnapshot(Id(0), 2, [Contact(100), .. ports]), [Contact(1)], subnets, BucketSize));

        // Addresses of a private network say nothing of who owns them.
        var locals = Enumerable.Range(1, 3).Select(port => new Contact(Id(port), UdpEndpoint.FromIPv4(0x7F00_0001, (ushort)port))).ToList();
        Assert.True(PartitionPolicy.HasFound(Table(), new RoutingTableSnapshot(Id(0), 2, locals), [locals[0]], subnets, BucketSize));

        bool HasFound(int[] before, int[] now) => PartitionPolicy.HasFound(Table(before), Table(now), [Contact(1)], subnets, BucketSize);
    }

    [Fact]
    public void Efforts_that_find_nobody_come_ever_less_often_and_postpone_no_other_informant()
    {
        var pauses = new MergePauses(new SubnetDiversity());
        var (liar, neighbour, other) = (Contact(1).Endpoint, Contact(1).Endpoint.WithPort(9), Contact(2).Endpoint);
        var asked = new List<int>();
        for (var minute = 0; minute < 240; minute++)
        {
            var now = Start + TimeSpan.FromMinutes(minute);
            if (pauses.MayMake(minute % 2 == 0 ? liar : neighbour, now))
            {
                asked.Add(minute);
                pauses.Made([liar], isFruitful: minute == 0, now);
                Assert.False(pauses.MayMake(other, now + TimeSpan.FromMinutes(1)));
                Assert.True(pauses.MayMake(other, now + MergePauses.Shortest));
            }
        }

        Assert.Equal([0, 2, 6, 14, 30, 62, 122, 182], asked);
    }

    [Fact]
    public void Informants_without_end_bring_about_an_effort_each_two_minutes_and_push_out_no_long_pause()
    {
        var pauses = new MergePauses(new SubnetDiversity());
        var now = Start;
        for (var i = 0; i < 5; i++)
        {
            now += MergePauses.Longest;
            pauses.Made([Contact(1).Endpoint], isFruitful: false, now);
        }

        var made = 0;
        for (var i = 0; i < 1_000; i++)
        {
            now += TimeSpan.FromSeconds(1);
            var informant = UdpEndpoint.FromIPv4(0x0900_0001 + ((uint)i << 8), 4000);
            if (pauses.MayMake(informant, now))
            {
                made++;
                pauses.Made([informant], isFruitful: false, now);
            }
        }

        Assert.InRange(made, 7, 9);
        pauses.Made(Enumerable.Range(0, 1_000).Select(i => UdpEndpoint.FromIPv4(0x0A80_0001 + ((uint)i << 8), 4000)), isFruitful: false, now);
        Assert.False(pauses.MayMake(Contact(1).Endpoint, now + MergePauses.Shortest));
    }

    [Fact]
    public void The_addresses_of_one_name_take_turns_in_whatever_order_they_come()
    {
        var schedule = new BootstrapSchedule(["seeds:1", "one:1"], Start);
        var random = new SeededRandomSource(1);
        var addresses = Enumerable.Range(1, 10).Select(number => Contact(number).Endpoint).ToList();
        var chosen = new List<UdpEndpoint>();
        for (var i = 0; i < 5; i++)
        {
            var some = schedule.Choose("seeds:1", addresses.OrderBy(_ => random.Next(1_000)), 4);
            Assert.Equal(4, some.Distinct().Count());
            chosen.AddRange(some);
        }

        Assert.All(addresses, address => Assert.Equal(2, chosen.Count(one => one == address)));
        Assert.Equal(addresses[..3], schedule.Choose("one:1", addresses[..3], 4));
    }

    [Fact]
    public void A_bootstrap_node_that_answers_is_asked_each_quarter_of_an_hour_and_a_silent_one_ever_less_often()
    {
        var schedule = new BootstrapSchedule(["live:1", "dead:1", "live:1"], Start);
        var asked = new List<(string Node, int Minute)>();
        for (var minute = 0; minute <= 24 * 60; minute++)
        {
            if (schedule.Take(Start + TimeSpan.FromMinutes(minute)) is { } node)
            {
                asked.Add((node, minute));
                schedule.Record(node, node == "live:1", Start + TimeSpan.FromMinutes(minute));
            }
        }

        Assert.InRange(asked.Count(one => one.Node == "live:1"), 94, 97);
        var silent = asked.Where(one => one.Node == "dead:1").Select(one => one.Minute).ToList();
        Assert.Equal([2, 2, 2], silent.Zip(silent.Skip(1), (one, next) => next - one).Take(3));
        Assert.InRange(silent.Count, 85, 115);
        Assert.InRange(silent.Count(minute => minute is >= 75 and < 135), 5, 6);
        Assert.Null(new BootstrapSchedule([], Start).Take(Start + TimeSpan.FromDays(1)));
    }

    private static bool IsOfAnotherPart(RoutingTableSnapshot table, params int[] named) =>
        PartitionPolicy.IsOfAnotherPart(table, [.. named.Select(Contact)], BucketSize);

    private static RoutingTableSnapshot Table(params int[] contacts) => TableOf(0, contacts);

    private static RoutingTableSnapshot TableOf(int own, int[] contacts) => new(Id(own), 1, [.. contacts.Select(Contact)]);

    private static Contact Contact(int number) => new(Id(number), UdpEndpoint.FromIPv4(0x0800_0001 + ((uint)number << 8), 4000));

    /// <summary>The distances of two such ids are as their numbers'.</summary>
    private static NodeId Id(int number)
    {
        var bytes = new byte[NodeId.Length];
        bytes[0] = (byte)number;
        return new NodeId(bytes);
    }
}
