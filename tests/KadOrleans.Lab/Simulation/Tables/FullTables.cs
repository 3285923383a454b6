namespace KadOrleans.Lab;

/// <summary>
/// Tables like those of a network that has been up for a while. Each bucket has a random choice of the nodes of its range. Twice k where
/// there are as many, so that replacements wait too. They are made as saved tables; restoring one applies the rules of
/// <see cref="RoutingTable"/> to it.
/// </summary>
internal sealed class FullTables(Contact[] contacts, TablePager pager, int seed)
{
    // A bucket is refreshed each hour, so nobody in it has been silent for longer.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromHours(1);

    private readonly DateTimeOffset _now = pager.Clock.GetUtcNow();

    public FrozenTable Create(NodeId ownId)
    {
        var (buckets, rooms) = (new List<SavedBucket>(), new List<BucketRoom>());
        var random = new SeededRandomSource(seed ^ BinaryPrimitives.ReadInt32LittleEndian(ownId.ToByteArray()));
        Fill(BucketRange.Whole, 0, contacts.Length);
        return new FrozenTable(new RoutingTableState(ownId, 0, buckets), rooms, pager.Contacts);

        void Fill(BucketRange range, int start, int end)
        {
            var splits = range.Contains(ownId) || range.Depth % pager.Options.SplitDepth != 0;
            var others = end - start - (range.Contains(ownId) ? 1 : 0);
            if (splits && others > pager.Options.BucketSize)
            {
                var middle = FirstIn(range.UpperHalf, start, end);
                Fill(range.LowerHalf, start, middle);
                Fill(range.UpperHalf, middle, end);
                return;
            }

            // Only the bucket of the own id may hold it, and that one takes all it covers.
            var size = pager.Options.BucketSize;
            var most = size + Math.Min(size, pager.Options.ReplacementCacheSize);
            var chosen = Choose(start, end, Math.Min(others, most), ownId, random);
            rooms.Add(new BucketRoom(range, splits || chosen.Count < most) { IsFull = !splits && chosen.Count >= size });
            buckets.Add(new SavedBucket(range, Age(random), Describe(chosen.Take(size), random), Describe(chosen.Skip(size), random)));
        }
    }

    private List<int> Choose(int start, int end, int count, NodeId ownId, SeededRandomSource random)
    {
        var chosen = new List<int>(count);
        if (end - start <= count + 1)
        {
            chosen.AddRange(Enumerable.Range(start, end - start).Where(i => contacts[i].Id != ownId));
            return chosen;
        }

        // Floyd's: as many draws as members, without a list of all. Few, so looking through them is cheap.
        for (var top = end - count; top < end; top++)
        {
            var drawn = start + random.Next(top - start + 1);
            chosen.Add(chosen.Contains(drawn) ? top : drawn);
        }

        return chosen;
    }

    private SavedContact[] Describe(IEnumerable<int> positions, SeededRandomSource random) =>
        [.. positions.Select(position => new SavedContact(contacts[position], Age(random), Failures: 0)).OrderBy(saved => saved.LastSeen)];

    private DateTimeOffset Age(SeededRandomSource random) => _now - (random.NextDouble() * LongestSilence);

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
}
