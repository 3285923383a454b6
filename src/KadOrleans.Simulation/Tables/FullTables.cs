using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Simulation.Tables;

/// <summary>
/// Tables as a network has them that has been up for a while: of each range that a bucket may cover, a random choice
/// of its nodes. Twice k where there are as many, so that replacements wait too. The table itself splits its buckets and
/// decides who gets a place.
/// </summary>
/// <param name="contacts">Every node, in the order of their ids.</param>
/// <param name="options">k and b.</param>
/// <param name="seed">Decides the choice, for each node by itself: in which order tables are made does not matter.</param>
/// <param name="now">When the network is looked at.</param>
internal sealed class FullTables(Contact[] contacts, KademliaOptions options, int seed, DateTimeOffset now)
{
    // A bucket is refreshed each hour, so nobody in it has been silent for longer.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromHours(1);

    public RoutingTableState Create(NodeId ownId)
    {
        var random = new SeededRandomSource(SeedOf(ownId));
        var chosen = new List<SavedContact>();
        Choose(ownId, BucketRange.Whole, 0, contacts.Length, chosen, random);
        return new RoutingTableState(ownId, 0, [new SavedBucket(BucketRange.Whole, now, chosen, [])]);
    }

    private void Choose(
        NodeId ownId, BucketRange range, int start, int end, List<SavedContact> chosen, SeededRandomSource random)
    {
        var splits = range.Contains(ownId) || range.Depth % options.SplitDepth != 0;
        if (splits && end - start > options.BucketSize)
        {
            var middle = FirstIn(range.UpperHalf, start, end);
            Choose(ownId, range.LowerHalf, start, middle, chosen, random);
            Choose(ownId, range.UpperHalf, middle, end, chosen, random);
            return;
        }

        foreach (var index in Sample(start, end, 2 * options.BucketSize, random))
        {
            if (contacts[index].Id != ownId)
            {
                chosen.Add(new SavedContact(contacts[index], now - (random.NextDouble() * LongestSilence), Failures: 0));
            }
        }
    }

    private static IEnumerable<int> Sample(int start, int end, int count, SeededRandomSource random)
    {
        if (end - start <= count)
        {
            return Enumerable.Range(start, end - start);
        }

        // Floyd's: as many draws as members, without a list of all.
        var picked = new HashSet<int>(count);
        for (var top = end - count; top < end; top++)
        {
            if (!picked.Add(start + random.Next(top - start + 1)))
            {
                picked.Add(top);
            }
        }

        return picked;
    }

    private int FirstIn(BucketRange range, int start, int end)
    {
        while (start < end)
        {
            var middle = start + ((end - start) / 2);
            if (contacts[middle].Id < range.Prefix)
            {
                start = middle + 1;
            }
            else
            {
                end = middle;
            }
        }

        return start;
    }

    private int SeedOf(NodeId ownId)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        ownId.CopyTo(bytes);
        return seed ^ System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(bytes);
    }
}
