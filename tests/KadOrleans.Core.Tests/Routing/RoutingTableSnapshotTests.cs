using KadOrleans.Core.Routing;
using KadOrleans.Core.Tests.Vectors;
using KadOrleans.Simulation;
using KadOrleans.Testing;

namespace KadOrleans.Core.Tests.Routing;

public class RoutingTableSnapshotTests
{
    [Fact]
    public void Closest_contacts_are_those_of_a_full_sort_over_200() =>
        Randomized.ForSeeds(300, random => AssertExact(random, 200, queries: 10));

    [Fact]
    public void Closest_contacts_are_those_of_a_full_sort_over_5000() =>
        Randomized.ForSeeds(8, random => AssertExact(random, 5_000, queries: 10));

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
    public void Searching_allocates_nothing()
    {
        var random = new SeededRandomSource(1);
        var snapshot = Take(random, Contacts(random, 5_000));
        var buffer = new Contact[20];
        var asker = snapshot.Contacts[7].Endpoint;
        var target = NodeId.Random(random);
        snapshot.FindClosest(target, buffer, asker);
        var before = GC.GetAllocatedBytesForCurrentThread();
        snapshot.FindClosest(target, buffer, asker);
        snapshot.FindClosest(target, buffer);
        snapshot.TryGet(target, out _);
        Assert.Equal(0, GC.GetAllocatedBytesForCurrentThread() - before);
    }

    [Fact]
    public void Contacts_are_found_by_id_and_by_endpoint() => Randomized.ForSeeds(50, random =>
    {
        var contacts = Contacts(random, random.Next(100));
        var snapshot = Take(random, contacts);
        Assert.Equal(contacts.OrderBy(contact => contact.Id), snapshot.Contacts);
        Assert.Equal(contacts.Count, snapshot.Count);
        foreach (var contact in contacts)
        {
            Assert.True(snapshot.TryGet(contact.Id, out var found));
            Assert.Equal(contact, found);
        }

        Assert.False(snapshot.TryGet(NodeId.Random(random), out var none));
        Assert.Equal(default, none);
    });

    [Fact]
    public void An_empty_table_finds_nobody_and_accepts_all_but_ourselves()
    {
        var snapshot = RoutingTableSnapshot.Empty(NodeId.MaxValue);
        Assert.Equal(0, snapshot.FindClosest(NodeId.MinValue, new Contact[5]));
        Assert.Equal(0, snapshot.Count);
        Assert.Equal(NodeId.MaxValue, snapshot.OwnId);
        Assert.True(snapshot.WouldAccept(NodeId.MinValue));
        Assert.False(snapshot.WouldAccept(NodeId.MaxValue));
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
        var snapshot = Take(random, contacts);
        for (var i = 0; i < queries; i++)
        {
            var near = contacts[random.Next(size)];
            var target = random.Next(3) switch
            {
                0 => NodeId.Random(random),
                1 => near.Id,
                _ => near.Id.RandomWithPrefix(random.Next(161), random),
            };
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

    private static RoutingTableSnapshot Take(SeededRandomSource random, List<Contact> contacts) =>
        new(NodeId.Random(random), 1, contacts);

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
