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
    public void Lookups_that_find_nobody_new_come_ever_less_often()
    {
        var pauses = new MergePauses();
        var asked = new List<int>();
        for (var minute = 0; minute < 240; minute++)
        {
            if (pauses.MayLookUp(Start + TimeSpan.FromMinutes(minute)))
            {
                asked.Add(minute);
                pauses.LookedUp(isFruitful: minute == 0, Start + TimeSpan.FromMinutes(minute));
            }
        }

        Assert.Equal([0, 2, 6, 14, 30, 62, 122, 182], asked);
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
                schedule.Note(node, node == "live:1", Start + TimeSpan.FromMinutes(minute));
            }
        }

        Assert.InRange(asked.Count(one => one.Node == "live:1"), 94, 97);
        var silent = asked.Where(one => one.Node == "dead:1").Select(one => one.Minute).ToList();
        Assert.Equal([2, 2, 2], silent.Zip(silent.Skip(1), (one, next) => next - one).Take(3));
        Assert.InRange(silent.Count, 100, 150);
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
