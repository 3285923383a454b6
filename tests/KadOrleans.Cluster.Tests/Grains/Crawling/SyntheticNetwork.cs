namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>A network that fake edges find without asking anybody: each question about a slice is answered with progress, or with all of it.</summary>
internal sealed class SyntheticNetwork
{
    private readonly List<CrawlRecord> _records;
    private readonly ConcurrentDictionary<string, (CrawlSliceOrder Order, DateTime AskedAt)> _active = new();

    public SyntheticNetwork(int nodes)
    {
        var random = new SeededRandomSource(nodes);
        _records = [.. Enumerable.Range(0, nodes).Select(i => new CrawlRecord
        {
            Endpoint = UdpEndpoint.FromIPv4(0x0B00_0001 + ((uint)i << 8), 8468),
            State = CrawlState.Visited,
            Id = NodeId.Random(random),
            IsComplete = true,
        })];
    }

    /// <summary>How many slices each edge was asked to begin, by name.</summary>
    public ConcurrentDictionary<string, int> Begun { get; } = new();

    /// <summary>The highest sum of the rates of slices that may have been crawled at once.</summary>
    public int HighestRate { get; private set; }

    /// <summary>An edge that takes two questions for a slice.</summary>
    public TestEdge CreateEdge(string name, Func<int, Task>? before = null)
    {
        var edge = new TestEdge();
        edge.OnCrawl = async order =>
        {
            var isNew = Record(name, order);
            await (before?.Invoke(Begun[name]) ?? Task.CompletedTask);
            if (isNew)
            {
                return CrawlSliceProgress.Of(null, 1, new CrawlCounts(1, 0, 1, 0, 0, 0, 0));
            }

            var found = _records.Where(record => record.IsIn(order.Region)).ToList();
            var pages = found.Chunk(CrawlPage.MaxRecords).ToList();
            foreach (var (i, page) in pages.Index())
            {
                edge.CrawlPages[$"{order.Lease}#{i}"] = CrawlPage.Encode(page);
            }

            _active.TryRemove(name, out _);
            return CrawlSliceProgress.Of(pages.Count, 2, new CrawlCounts(found.Count, found.Count, 0, 0, 0, 0, 0));
        };
        return edge;
    }

    private bool Record(string name, CrawlSliceOrder order)
    {
        lock (_records)
        {
            var isNew = !_active.TryGetValue(name, out var before) || before.Order.Lease != order.Lease;
            _active[name] = (order, DateTime.UtcNow);
            if (isNew)
            {
                Begun[name] = Begun.GetValueOrDefault(name) + 1;
            }

            // An edge goes on for the life of its lease after it was asked last.
            HighestRate = Math.Max(HighestRate, _active.Values
                .Where(slice => DateTime.UtcNow - slice.AskedAt < slice.Order.Duration).Sum(slice => slice.Order.Rate));
            return isNew;
        }
    }
}
