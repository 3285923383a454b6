namespace KadOrleans.Tests.Core;

/// <summary>Against tables whose contacts are known, and answers of every kind of node.</summary>
public class TableWalkTests
{
    private static readonly DateTimeOffset Start = DateTimeOffset.UnixEpoch;

    private static readonly int[] Sizes = [0, 1, 5, 21, 100, 1_000, 20_000];

    [Fact]
    public void Every_contact_of_a_table_is_named() => Randomized.ForSeeds(5, random => Assert.All(Sizes, networkSize =>
    {
        var snapshot = TableAmong(networkSize, random).Snapshot;
        var walk = Walk(snapshot.OwnId, random, target => RandomNetwork.Nearest(snapshot, target));

        Assert.True(walk.IsComplete);
        Assert.Equal(snapshot.Count, walk.Contacts);
        Assert.InRange(walk.Queries, 1, 8 + (snapshot.Count / 2));
    }));

    [Fact]
    public void A_table_that_is_crowded_in_one_corner_is_named_whole() => Randomized.ForSeeds(50, random =>
    {
        var corner = NodeId.Random(random);
        var contacts = Enumerable.Range(0, 200).Select(i => new Contact(
            corner.RandomWithPrefix(random.Next(1 + (i / 2)), random), UdpEndpoint.FromIPv4(0x0B00_0000 + (uint)i, 1)));
        var snapshot = new RoutingTableSnapshot(NodeId.Random(random), 1, [.. contacts.DistinctBy(c => c.Id)]);
        var walk = Walk(snapshot.OwnId, random, target => RandomNetwork.Nearest(snapshot, target));

        Assert.Equal(snapshot.Count, walk.Contacts);
        Assert.True(walk.IsComplete);
    });

    [Fact]
    public void Contacts_that_leave_the_table_meanwhile_do_not_keep_it_from_its_end() => Randomized.ForSeeds(50, random =>
    {
        var snapshot = TableAmong(1_000, random).Snapshot;
        var left = new HashSet<Contact>();
        var walk = new TableWalk(snapshot.OwnId, random);
        while (!walk.IsDone)
        {
            var remaining = snapshot.Contacts.Where(contact => !left.Contains(contact)).ToArray();
            var response = RandomNetwork.Nearest(new RoutingTableSnapshot(snapshot.OwnId, 1, remaining), walk.Target);
            walk.Add(response);
            if (walk.Queries is 2 or 6 or 10)
            {
                left.Add(response[random.Next(response.Length)]);
            }
        }

        Assert.True(walk.IsComplete);
        Assert.Equal(snapshot.Count, walk.Contacts);
        Assert.InRange(walk.Queries, 1, 40 + (snapshot.Count / 2));
    });

    [Theory]
    [InlineData(30)]
    [InlineData(300)]
    [InlineData(5_000)]
    public void Nodes_that_answer_bucket_by_bucket_are_read_too(int networkSize)
    {
        // Now and then a table hides a bucket: of twenty small ones that alone is more than a hundredth of what they hold.
        var tables = Math.Max(20, 60_000 / networkSize);
        var (held, named) = (0, 0);
        Randomized.ForSeeds(tables, random =>
        {
            var table = TableAmong(networkSize, random);
            var walk = Walk(table.OwnId, random, target => ByBuckets(table, target));

            Assert.True(walk.IsComplete);
            held += table.Count;
            named += walk.Contacts;
        });

        TestContext.Current.TestOutputHelper?.WriteLine($"{networkSize}: {named} of {held}");
        Assert.InRange(named, held * 99 / 100, held);
    }

    [Fact]
    public void Contacts_invented_without_end_and_one_id_at_ever_new_addresses_end_it() => Randomized.ForSeeds(5, random =>
    {
        var walk = Walk(NodeId.Random(random), random, target => Invent(target, 20, random));

        Assert.False(walk.IsComplete);
        Assert.InRange(walk.Contacts, 1, TableWalk.MaxContacts);
        Assert.InRange(walk.Queries, 1, TableWalk.MaxQueries);

        walk = Walk(NodeId.Random(random), random, _ => [Invent(default, 1, random)[0] with { Id = NodeId.MaxValue }]);
        Assert.InRange(walk.Queries, 1, TableWalk.MaxQueries);
    });

    private static TableWalk Walk(NodeId nodeId, SeededRandomSource random, Func<NodeId, Contact[]> answer)
    {
        var walk = new TableWalk(nodeId, random);
        while (!walk.IsDone)
        {
            walk.Add(answer(walk.Target));
        }

        return walk;
    }

    private static RoutingTable TableAmong(int networkSize, SeededRandomSource random)
    {
        var table = new RoutingTable(
            NodeId.Random(random), new KademliaOptions(), new SubnetDiversity(new SubnetLimits(), AddressRangeSet.Parse([])), Start);
        for (uint i = 0; i < networkSize; i++)
        {
            var contact = new Contact(NodeId.Random(random), UdpEndpoint.FromIPv4(0x0B00_0001 + (i << 8), 8468));
            table.Apply(ContactObservation.Answered(contact), Start);
        }

        return table;
    }

    /// <summary>The target's bucket first, then whole buckets from its left and right in turn, until there are k.</summary>
    private static Contact[] ByBuckets(RoutingTable table, NodeId target)
    {
        var buckets = table.Describe().OrderBy(b => b.Prefix).ToList();
        var own = buckets.FindIndex(b => new BucketRange(b.Prefix, b.Depth).Contains(target));
        var (left, right, isLeft) = (own - 1, own + 1, true);
        var order = new List<int> { own };
        while (left >= 0 || right < buckets.Count)
        {
            order.Add(left >= 0 && (isLeft || right >= buckets.Count) ? left-- : right++);
            isLeft = !isLeft;
        }

        return [.. order.SelectMany(i => table.Snapshot.Contacts.Where(
            c => new BucketRange(buckets[i].Prefix, buckets[i].Depth).Contains(c.Id))).Take(RandomNetwork.K)];
    }

    private static Contact[] Invent(NodeId near, int count, SeededRandomSource random) =>
        [.. Enumerable.Range(0, count).Select(_ => new Contact(
            near.RandomWithPrefix(random.Next(150), random), UdpEndpoint.FromIPv4(0x0D00_0000 + (uint)random.Next(1 << 24), 8468)))];
}
