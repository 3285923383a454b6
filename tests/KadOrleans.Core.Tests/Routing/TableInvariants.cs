using System.Numerics;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Routing;

namespace KadOrleans.Core.Tests.Routing;

/// <summary>What holds of every routing table at every moment.</summary>
internal static class TableInvariants
{
    public static void AssertHold(RoutingTable table, KademliaOptions options, SubnetLimits limits)
    {
        AssertPartition(table);
        var entries = table.Buckets.SelectMany(bucket => bucket.Entries).ToList();
        var contacts = entries.ConvertAll(entry => entry.Contact);
        Assert.Equal(contacts.Count, contacts.DistinctBy(contact => contact.Id).Count());
        Assert.Equal(contacts.Count, contacts.DistinctBy(contact => contact.Endpoint).Count());
        Assert.DoesNotContain(contacts, contact => contact.Id == table.OwnId || !contact.Endpoint.IsUnicast);
        Assert.All(entries, entry => Assert.InRange(entry.Failures, 0, options.FailuresBeforeDrop - 1));
        Assert.All(table.Buckets, bucket => AssertBucket(bucket, options, limits));
        Assert.All(Public(contacts), subnet => Assert.InRange(subnet.Count(), 1, limits.PerTable));
        AssertSameEverywhere(table, contacts);
    }

    private static void AssertPartition(RoutingTable table)
    {
        // Ranges that do not overlap and whose sizes add up to the whole space leave nothing out.
        var ranges = table.Buckets.Select(bucket => bucket.Range).ToList();
        Assert.DoesNotContain(ranges.Zip(ranges.Skip(1)), pair => pair.First.Overlaps(pair.Second));
        Assert.Equal(ranges.OrderBy(range => range.Prefix), ranges);
        var covered = BigInteger.Zero;
        foreach (var range in ranges)
        {
            covered += BigInteger.One << (NodeId.BitLength - range.Depth);
        }

        Assert.Equal(BigInteger.One << NodeId.BitLength, covered);
    }

    private static void AssertBucket(KBucket bucket, KademliaOptions options, SubnetLimits limits)
    {
        Assert.InRange(bucket.Entries.Count, 0, options.BucketSize);
        Assert.All(bucket.Entries, entry => Assert.True(bucket.Range.Contains(entry.Contact.Id)));
        Assert.Equal(bucket.Entries.OrderBy(entry => entry.LastSeen), bucket.Entries);
        var waiting = bucket.Replacements.Items;
        Assert.InRange(waiting.Count, 0, options.ReplacementCacheSize);
        Assert.Equal(waiting.Count, waiting.DistinctBy(item => item.Contact.Id).Count());
        Assert.All(waiting, item => Assert.True(bucket.Range.Contains(item.Contact.Id)));
        Assert.Empty(waiting.Select(item => item.Contact).Intersect(bucket.Entries.Select(entry => entry.Contact)));
        Assert.All(
            Public(bucket.Entries.Select(entry => entry.Contact)),
            subnet => Assert.InRange(subnet.Count(), 1, limits.PerBucket));
    }

    private static void AssertSameEverywhere(RoutingTable table, List<Contact> contacts)
    {
        Assert.Equal(contacts.Count, table.Count);
        Assert.Equal(contacts.OrderBy(contact => contact.Id), table.Snapshot.Contacts);
        Assert.Equal(table.Version, table.Snapshot.Version);
        Assert.All(contacts, contact => Assert.True(
            table.Contains(contact) && table.Contains(contact.Id) && table.Contains(contact.Endpoint)));
        Assert.Equal(table.Buckets.Select(bucket => bucket.Range), table.Snapshot.Rooms.Select(room => room.Range));
        var described = table.Describe();
        Assert.Equal(table.Buckets.Select(bucket => bucket.Entries.Count), described.Select(bucket => bucket.Count));
        Assert.Equal(
            table.Buckets.Select(bucket => bucket.Replacements.Count), described.Select(bucket => bucket.Replacements));
    }

    private static IEnumerable<IGrouping<SourceNetwork, Contact>> Public(IEnumerable<Contact> contacts) => contacts
        .Where(contact => !contact.Endpoint.IsPrivate)
        .GroupBy(contact => SourceNetwork.SubnetOf(contact.Endpoint));
}
