namespace KadOrleans.Tests.Lab;

public sealed class PagedRoutingTableTests
{
    private readonly ManualTimeProvider _clock = new();
    private readonly KademliaOptions _options = new();

    [Fact]
    public void A_table_that_was_put_away_shows_the_same_contacts_and_comes_back_the_same()
    {
        var table = CreateFull(out _);
        var (contacts, rooms, buckets) = (table.Snapshot.Contacts.ToList(), table.Snapshot.Rooms.ToList(), table.Describe());

        table.Freeze();

        Assert.Equal(contacts, table.Snapshot.Contacts);
        Assert.Equal(rooms, table.Snapshot.Rooms);
        Assert.Equal(buckets, table.Describe());
    }

    [Fact]
    public void What_is_observed_while_it_is_put_away_is_in_the_table_when_it_comes_back()
    {
        var table = CreateFull(out var known);
        table.Describe();
        table.Freeze();
        var failed = known[0];
        for (var i = 0; i < _options.FailuresBeforeDrop; i++)
        {
            table.Observe(ContactObservation.Failed(failed));
            _clock.Advance(TimeSpan.FromMinutes(1));
        }

        Assert.Contains(failed, table.Snapshot.Contacts);
        table.Describe();
        Assert.DoesNotContain(failed, table.Snapshot.Contacts);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(30)]
    [InlineData(3_000)]
    public void A_full_table_is_one_that_the_rules_allow(int count)
    {
        var nodes = CreateContacts(count);
        var table = CreateFull(nodes, nodes[count / 2].Id);
        var (contacts, rooms) = (table.Snapshot.Contacts, table.Snapshot.Rooms);

        Assert.Equal(rooms.Count, table.Describe().Count);
        Assert.Equal(contacts, table.Snapshot.Contacts);
        Assert.Equal(rooms, table.Snapshot.Rooms);
    }

    [Fact]
    public void A_full_table_has_k_contacts_in_every_range_with_as_many_nodes_and_all_nodes_of_the_others()
    {
        var nodes = CreateContacts(3_000);
        var ownId = nodes[17].Id;
        var table = CreateFull(nodes, ownId);

        foreach (var bucket in table.Describe())
        {
            var range = new BucketRange(bucket.Prefix, bucket.Depth);
            var there = nodes.Count(c => c.Id != ownId && range.Contains(c.Id));
            Assert.Equal(Math.Min(there, _options.BucketSize), bucket.Count);
            Assert.Equal(Math.Clamp(there - _options.BucketSize, 0, _options.BucketSize), bucket.Replacements);
        }

        Assert.True(table.Describe().Count > 31);
    }

    [Fact]
    public void One_more_than_there_is_room_for_takes_the_place_of_all()
    {
        var evicted = new List<string>();
        var set = new ResidentSet<string>(2, evicted.Add);
        set.Add("first");
        set.Add("second");
        Assert.Empty(evicted);
        set.Add("third");
        Assert.Equal(["first", "second"], evicted);
    }

    private PagedRoutingTable CreateFull(out Contact[] known)
    {
        var nodes = CreateContacts(1_000);
        var table = CreateFull(nodes, nodes[500].Id);
        known = [.. table.Snapshot.Contacts];
        return table;
    }

    private PagedRoutingTable CreateFull(Contact[] nodes, NodeId ownId)
    {
        var pager = new TablePager(_clock, _options);
        return new PagedRoutingTable(ownId, pager, new FullTables(nodes, pager, 1).Create(ownId));
    }

    private static Contact[] CreateContacts(int count) => [.. SampleNetwork.CreateContacts(count).OrderBy(c => c.Id)];
}
