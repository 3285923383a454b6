namespace KadOrleans.Lab;

/// <summary>
/// Tables like those of a network that has been up for a while. Each bucket has a random choice of the nodes of its range. Twice k where
/// there are as many, so that replacements wait too. They are made as saved tables; restoring one applies the rules of
/// <see cref="RoutingTable"/> to it.
/// </summary>
internal sealed class FullTables
{
    // A bucket is refreshed each hour, so nobody in it has been silent for longer.
    private static readonly TimeSpan LongestSilence = TimeSpan.FromHours(1);

    private readonly Contact[] _contacts;
    private readonly int[] _numbers;
    private readonly KademliaOptions _options;
    private readonly int _seed;
    private readonly DateTimeOffset _now;

    public FullTables(Contact[] contacts, TablePager pager, int seed)
    {
        (_contacts, _options, _seed, _now) = (contacts, pager.Options, seed, pager.Clock.GetUtcNow());
        _numbers = Array.ConvertAll(contacts, pager.Contacts.NumberOf);
    }

    public FrozenTable Create(NodeId ownId)
    {
        var table = new FrozenTable.Builder(ownId);
        var random = new SeededRandomSource(_seed ^ BinaryPrimitives.ReadInt32LittleEndian(ownId.ToByteArray()));
        Fill(table, ownId, BucketRange.Whole, 0, _contacts.Length, random);
        return table.Build();
    }

    private void Fill(
        FrozenTable.Builder table, NodeId ownId, BucketRange range, int start, int end, SeededRandomSource random)
    {
        var splits = range.Contains(ownId) || range.Depth % _options.SplitDepth != 0;
        var others = end - start - (range.Contains(ownId) ? 1 : 0);
        if (splits && others > _options.BucketSize)
        {
            var middle = FirstIn(range.UpperHalf, start, end);
            Fill(table, ownId, range.LowerHalf, start, middle, random);
            Fill(table, ownId, range.UpperHalf, middle, end, random);
            return;
        }

        // Only the bucket of the own id may hold it, and that one takes all it covers.
        var waiting = Math.Min(_options.BucketSize, _options.ReplacementCacheSize);
        var chosen = Choose(start, end, Math.Min(others, _options.BucketSize + waiting), ownId, random);
        table.Add(
            new BucketRoom(range, splits || chosen.Count < _options.BucketSize + waiting),
            Age(random),
            Describe(chosen.Take(_options.BucketSize), random),
            Describe(chosen.Skip(_options.BucketSize), random),
            _numbers);
    }

    private List<int> Choose(int start, int end, int count, NodeId ownId, SeededRandomSource random)
    {
        var chosen = new List<int>(count);
        if (end - start <= count + 1)
        {
            chosen.AddRange(Enumerable.Range(start, end - start).Where(i => _contacts[i].Id != ownId));
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

    private List<(int Position, DateTimeOffset LastSeen)> Describe(IEnumerable<int> positions, SeededRandomSource random)
    {
        var described = positions.Select(position => (Position: position, LastSeen: Age(random))).ToList();
        described.Sort(static (left, right) => left.LastSeen.CompareTo(right.LastSeen));
        return described;
    }

    private DateTimeOffset Age(SeededRandomSource random) => _now - (random.NextDouble() * LongestSilence);

    private int FirstIn(BucketRange range, int start, int end)
    {
        while (start < end)
        {
            var middle = start + ((end - start) / 2);
            if (_contacts[middle].Id < range.Prefix)
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
