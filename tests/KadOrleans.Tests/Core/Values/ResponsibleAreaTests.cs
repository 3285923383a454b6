namespace KadOrleans.Tests.Core;

public class ResponsibleAreaTests
{
    private const int BucketSize = 20;

    /// <remarks>Many nodes together: one of 700 misses more than a tenth of its keys, as the subtree next to its area has few nodes.</remarks>
    [Fact]
    public void Areas_have_nearly_all_keys_of_their_nodes_and_two_to_four_times_as_many() => Randomized.ForSeeds(1, random =>
    {
        var (responsible, missed, near) = (0, 0, 0);
        for (var node = 0; node < 300; node++)
        {
            var table = Snapshot(NodeId.Random(random), [.. Enumerable.Range(0, 1_000).Select(_ => NodeId.Random(random))]);
            var area = ResponsibleArea.Of(table, BucketSize);
            for (var i = 0; i < 500; i++)
            {
                var key = NodeId.Random(random);
                var isResponsible = RepublishPolicy.IsResponsible(key, table, BucketSize);
                responsible += isResponsible ? 1 : 0;
                near += area.Contains(key) ? 1 : 0;
                missed += isResponsible && !area.Contains(key) ? 1 : 0;
            }
        }

        Assert.InRange(missed, 0, responsible / 100);
        Assert.InRange(near, 2 * responsible, 4 * responsible);
    });

    [Fact]
    public void Ids_beside_the_own_one_narrow_no_area_and_the_networks_growth_does_by_a_bit_an_hour() => Randomized.ForSeeds(5, random =>
    {
        var own = NodeId.Random(random);
        List<NodeId> honest = [.. Enumerable.Range(0, 2_000).Select(_ => NodeId.Random(random))];
        var size = new NetworkSizeEstimate(2_000, 50, 64);
        var table = Snapshot(own, honest);
        var area = new FollowedArea().Next(table, null, BucketSize, Samples.Now);
        Assert.Equal(0, area.Area.PrefixLength);
        area = area.Next(table, size, BucketSize, Samples.Now);
        Assert.InRange(area.Area.PrefixLength, 4, 5);

        var before = area.Area;
        var crowded = Snapshot(own, [.. honest, .. Enumerable.Range(0, 30).Select(_ => own.RandomWithPrefix(40, random))]);
        for (var hour = 1; hour <= 48; hour++)
        {
            area = area.Next(crowded, size, BucketSize, Samples.Now.AddHours(hour));
            Assert.InRange(area.Area.PrefixLength, before.PrefixLength, 5);
        }

        // Sixteen times as many nodes, or so lookups say: from one hour to the next it is one bit at most.
        for (var minute = 0; minute < 600; minute++)
        {
            var next = area.Next(crowded, size with { Nodes = 32_000 }, BucketSize, Samples.Now.AddHours(48).AddMinutes(minute));
            Assert.InRange(next.Area.PrefixLength, area.Area.PrefixLength, area.Area.PrefixLength + (minute % 60 == 0 ? 1 : 0));
            area = next;
        }

        Assert.InRange(area.Area.PrefixLength, 7, 9);
        Assert.Equal(before.PrefixLength, area.Next(crowded, size, BucketSize, Samples.Now.AddDays(9)).Area.PrefixLength, 1.0);
        var small = Snapshot(own, honest[..(BucketSize - 1)]);
        Assert.Equal(0, area.Next(small, size, BucketSize, Samples.Now.AddDays(9)).Area.PrefixLength);
    });

    private static RoutingTableSnapshot Snapshot(NodeId ownId, IEnumerable<NodeId> ids) =>
        new(ownId, 1, RandomNetwork.Contacts(ids));
}
