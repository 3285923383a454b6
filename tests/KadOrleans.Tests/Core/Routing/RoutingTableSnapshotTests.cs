namespace KadOrleans.Tests.Core;

public class RoutingTableSnapshotTests
{
    [Theory]
    [InlineData(200, 300)]
    [InlineData(5_000, 8)]
    public void Closest_contacts_are_those_of_a_full_sort(int contacts, int seeds) =>
        Randomized.ForSeeds(seeds, random => AssertExact(random, contacts, queries: 10));

    [Fact]
    public void Closest_contacts_are_the_recorded_true_nearest()
    {
        foreach (var vector in VectorFile.Read<TableVector>("routing-tables.json"))
        {
            var listed = vector.Buckets.SelectMany(bucket => bucket.Nodes).Select(vector.Peer).ToList();
            var snapshot = new RoutingTableSnapshot(NodeId.Parse(vector.OwnId), 1, listed);
            Assert.NotEmpty(vector.Queries);
            foreach (var query in vector.Queries)
            {
                // No recorded target is in a table, so without an asker both overloads leave out nothing.
                var buffer = new Contact[vector.BucketSize];
                var target = NodeId.Parse(query.Target);
                var count = query.ExcludedPeer is { } asker
                    ? snapshot.FindClosest(target, buffer, vector.Peer(asker).Endpoint)
                    : snapshot.FindClosest(target, buffer);
                Assert.Equal(query.TrueNearest.Select(vector.Peer), buffer[..count]);
            }
        }
    }

    [Fact]
    public void It_has_a_contact_by_its_id_and_endpoint_and_an_endpoint_under_any_id()
    {
        var (known, other) = (new Contact(NodeId.Parse(new string('1', 40)), EndpointOf(1)), new Contact(NodeId.Parse(new string('2', 40)), EndpointOf(2)));
        var snapshot = new RoutingTableSnapshot(NodeId.MinValue, 1, [known]);

        Assert.Equal((true, known), (snapshot.TryGet(known.Id, out var found), found));
        Assert.Equal((false, default), (snapshot.TryGet(other.Id, out var missing), missing));
        Assert.True(snapshot.Contains(known));
        Assert.False(snapshot.Contains(known with { Endpoint = other.Endpoint }));
        Assert.True(snapshot.Contains(known.Endpoint));
        Assert.False(snapshot.Contains(other.Endpoint));

        static UdpEndpoint EndpointOf(int host) => UdpEndpoint.Parse($"192.0.2.{host}:8468");
    }

    [Fact]
    public void An_empty_table_finds_nobody_and_accepts_all_but_ourselves()
    {
        var snapshot = RoutingTableSnapshot.Empty(NodeId.MaxValue);
        Assert.Equal(0, snapshot.FindClosest(NodeId.MinValue, new Contact[5]));
        Assert.True(snapshot.WouldAccept(NodeId.MinValue) && snapshot.HasPlaceFor(NodeId.MinValue));
        Assert.False(snapshot.WouldAccept(NodeId.MaxValue) || snapshot.HasPlaceFor(NodeId.MaxValue));
    }

    [Fact]
    public void An_id_that_comes_twice_is_refused()
    {
        var id = NodeId.FromKey("x");
        Contact[] contacts = [new(id, UdpEndpoint.Parse("1.2.3.4:5")), new(id, UdpEndpoint.Parse("1.2.3.4:6"))];
        Assert.Throws<ArgumentException>(() => new RoutingTableSnapshot(NodeId.MinValue, 1, contacts));
    }

    private static void AssertExact(SeededRandomSource random, int size, int queries)
    {
        var contacts = Contacts(random, size);
        var snapshot = new RoutingTableSnapshot(NodeId.Random(random), 1, contacts);
        Assert.Equal(contacts.OrderBy(contact => contact.Id), snapshot.Contacts);
        for (var i = 0; i < queries; i++)
        {
            var near = contacts[random.Next(size)];
            var target = random.Next(3) switch
            {
                0 => NodeId.Random(random),
                1 => near.Id,
                _ => near.Id.RandomWithPrefix(random.Next(161), random),
            };
            Assert.True(snapshot.TryGet(near.Id, out var found) && found == near);
            Assert.Equal(contacts.Exists(contact => contact.Id == target), snapshot.TryGet(target, out _));
            var asker = contacts[random.Next(size)].Endpoint;
            var buffer = new Contact[random.Next(4) == 0 ? random.Next(100) : 20];
            var sorted = contacts.OrderBy(contact => contact.Id.DistanceTo(target)).ToList();
            var count = snapshot.FindClosest(target, buffer);
            Assert.Equal(sorted.Take(buffer.Length), buffer[..count]);

            var forAsker = sorted.Where(contact => contact.Id != target && contact.Endpoint != asker);
            count = snapshot.FindClosest(target, buffer, asker);
            Assert.Equal(forAsker.Take(buffer.Length), buffer[..count]);
        }
    }

    /// <summary>Random ids, or ids of a stranger who gathers them around a few points at every depth.</summary>
    private static List<Contact> Contacts(SeededRandomSource random, int count)
    {
        var clustered = random.Next(2) == 0;
        NodeId[] points = [NodeId.Random(random), NodeId.MinValue, NodeId.MaxValue];
        var ids = new HashSet<NodeId>();
        while (ids.Count < count)
        {
            ids.Add(clustered
                ? points[random.Next(points.Length)].RandomWithPrefix(random.Next(155), random)
                : NodeId.Random(random));
        }

        // Some share an endpoint: all of them are the asker.
        return [.. ids.Select((id, i) => new Contact(id, UdpEndpoint.FromIPv4(0x0A000001u + ((uint)i / 2), 1)))];
    }
}

public sealed class AnswerFamilyTests
{
    /// <summary>IPv6 to who can send there, and our own host's, link's and private network's to who shares it.</summary>
    [Theory]
    [InlineData("11.0.0.9:1", "11.0.0.1")]
    [InlineData("198.51.100.1:1", "11.0.0.1 10.0.0.1")]
    [InlineData("10.0.0.9:1", "11.0.0.1 10.0.0.1")]
    [InlineData("169.254.1.9:1", "11.0.0.1 10.0.0.1 169.254.1.1")]
    [InlineData("127.0.0.1:1", "11.0.0.1 10.0.0.1 169.254.1.1 127.0.0.2")]
    [InlineData("[2001:db8::9]:1", "11.0.0.1 10.0.0.1 [2001:db8::1]")]
    public void An_asker_is_told_only_of_contacts_it_can_reach(string asker, string told)
    {
        string[] addresses = ["11.0.0.1", "10.0.0.1", "169.254.1.1", "127.0.0.2", "[2001:db8::1]"];
        var contacts = addresses.Select(address => new Contact(NodeId.FromKey(address), UdpEndpoint.Parse($"{address}:8468")));
        var found = new Contact[20];
        var snapshot = new RoutingTableSnapshot(NodeId.MinValue, 1, [.. contacts]);
        var count = snapshot.FindClosest(NodeId.MaxValue, found, UdpEndpoint.Parse(asker));

        Assert.Equal(told.Split(' ').Select(NodeId.FromKey).Order(), found[..count].Select(contact => contact.Id).Order());
    }
}

public sealed class SnapshotChangeTests
{
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_reader_that_gets_changes_has_the_table_s_snapshots(int seed)
    {
        var random = new SeededRandomSource(seed);
        var ownId = NodeId.Random(random);
        var table = new RoutingTable(ownId, new KademliaOptions(), new SubnetDiversity(), Samples.Now);
        var reader = table.Snapshot;
        var changes = 0;
        for (var i = 0; i < 1_500; i++)
        {
            var known = table.Snapshot.Contacts;
            var contact = known.Count > 0 && random.Next(3) == 0
                ? known[random.Next(known.Count)]
                : new Contact(NodeId.Random(random), UdpEndpoint.FromIPv4(0x0B00_0000 + ((uint)i << 8), 8468));
            var kind = random.Next(4) == 0 ? ObservationKind.Failed : ObservationKind.Answered;
            table.Apply(new ContactObservation(kind, contact), Samples.Now.AddSeconds(i));
            var change = SnapshotChange.Of(reader, table.Snapshot);
            changes += change is null ? 0 : 1;
            reader = change?.ApplyTo(reader) ?? table.Snapshot;

            Assert.Equal(table.Snapshot.Version, reader.Version);
            Assert.Equal(table.Snapshot.Contacts, reader.Contacts);
            Assert.Equal(table.Snapshot.Rooms, reader.Rooms);
        }

        Assert.InRange(changes, 1_000, 1_500);
    }

    [Fact]
    public void A_change_of_another_snapshot_is_not_applied()
    {
        var (older, newer) = (Of(1, 100), Of(2, 101));
        var change = SnapshotChange.Of(older, newer)!;

        Assert.Single(change.Added);
        Assert.Equal(newer.Contacts, change.ApplyTo(older)!.Contacts);
        Assert.Null(change.ApplyTo(newer));
        Assert.Null(change.ApplyTo(RoutingTableSnapshot.Empty(NodeId.MaxValue)));
    }

    [Fact]
    public void A_small_or_much_changed_snapshot_goes_whole()
    {
        Assert.Null(SnapshotChange.Of(Of(1, SnapshotChange.MinContacts - 2), Of(2, SnapshotChange.MinContacts - 1)));
        Assert.NotNull(SnapshotChange.Of(Of(1, 75), Of(2, 100)));
        Assert.Null(SnapshotChange.Of(Of(1, 74), Of(2, 100)));
    }

    private static RoutingTableSnapshot Of(long version, int contacts) => new(
        NodeId.MinValue,
        version,
        [.. Enumerable.Range(1, contacts).Select(i => new Contact(NodeId.FromKey($"{i}"), UdpEndpoint.FromIPv4(0x0B00_0000 + (uint)i, 1)))]);
}
