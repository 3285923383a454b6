using KadOrleans.Core.Admission;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Tests.Vectors;

namespace KadOrleans.Core.Tests.Routing;

public class RoutingTableVectorTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Buckets_split_as_recorded_where_no_rule_differs()
    {
        var vectors = VectorFile.Read<TableVector>("routing-tables.json").Where(vector => vector.Name is "r3" or "r4").ToList();
        Assert.Equal(2, vectors.Count);
        foreach (var vector in vectors)
        {
            var options = new KademliaOptions { BucketSize = vector.BucketSize };
            var table = new RoutingTable(NodeId.Parse(vector.OwnId), options, new SubnetDiversity(), Start);
            foreach (var peer in Enumerable.Range(0, vector.PeerIds.Count).Select(vector.Peer))
            {
                table.Apply(ContactObservation.Answered(peer), Start);
            }

            Assert.Equal(
                vector.Buckets.Select(bucket => string.Join(' ', bucket.Nodes.Select(vector.Peer))),
                table.Buckets.Select(bucket => string.Join(' ', bucket.Entries.Select(entry => entry.Contact))));
            Assert.Equal(
                vector.Buckets.Select(bucket => string.Join(' ', bucket.Replacements.Select(vector.Peer))),
                table.Buckets.Select(bucket => string.Join(' ', bucket.Replacements.Items.Select(item => item.Contact))));
        }
    }
}
