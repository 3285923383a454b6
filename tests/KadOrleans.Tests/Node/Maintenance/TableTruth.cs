namespace KadOrleans.Tests.Node;

/// <summary>Compares a routing table with all the nodes there are.</summary>
internal static class TableTruth
{
    /// <summary>
    /// Every contact is a live node at its address, and each bucket holds all the live nodes of its range, or k of them.
    /// Returns what is wrong, in words; none if the table is full and correct.
    /// </summary>
    public static async Task<IReadOnlyList<string>> FindFaultsAsync(KadNode node, IEnumerable<SimulatedNode> alive, int bucketSize)
    {
        var others = alive.Where(n => n.Id != node.Id).Select(n => n.Contact).ToHashSet();
        var faults = node.RoutingTable.Contacts.Where(c => !others.Contains(c)).Select(c => $"{c} is gone").ToList();
        foreach (var bucket in (await node.DescribeAsync()).Buckets)
        {
            var range = new BucketRange(bucket.Prefix, bucket.Depth);
            var expected = Math.Min(bucketSize, others.Count(c => range.Contains(c.Id)));
            if (bucket.Count != expected)
            {
                faults.Add($"{range} holds {bucket.Count} contacts in place of {expected}");
            }
        }

        var nearest = others.OrderBy(c => c.Id.DistanceTo(node.Id)).Take(bucketSize).ToList();
        if (!node.GetBootstrappableNeighbors().Take(bucketSize).SequenceEqual(nearest))
        {
            faults.Add("the nearest neighbours are others");
        }

        return faults;
    }
}
