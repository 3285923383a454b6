using KadOrleans.Core.Admission;
using KadOrleans.Core.Routing;
using KadOrleans.Simulation;

namespace KadOrleans.Core.Tests.Routing;

public sealed class SnapshotChangeTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void A_reader_that_gets_changes_has_the_table_s_snapshots(int seed)
    {
        var random = new SeededRandomSource(seed);
        var ownId = NodeId.Random(random);
        var table = new RoutingTable(ownId, new KademliaOptions(), new SubnetDiversity(), Now);
        var reader = table.Snapshot;
        var changes = 0;
        for (var i = 0; i < 1_500; i++)
        {
            var known = table.Snapshot.Contacts;
            var contact = known.Count > 0 && random.Next(3) == 0
                ? known[random.Next(known.Count)]
                : new Contact(NodeId.Random(random), UdpEndpoint.FromIPv4(0x0B00_0000 + ((uint)i << 8), 8468));
            table.Apply(random.Next(4) == 0 ? ContactObservation.Failed(contact) : ContactObservation.Answered(contact), Now.AddSeconds(i));
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
