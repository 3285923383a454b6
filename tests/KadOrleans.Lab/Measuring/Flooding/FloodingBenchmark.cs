namespace KadOrleans.Lab;

/// <summary>
/// What keys and endpoints cost that a stranger chose so that a weak hash gives them one code, and random ones beside them: where they differ,
/// a hash container has become a list.
/// </summary>
internal static class FloodingBenchmark
{
    private const int FillAtOnce = 4_096;
    private const int NamesPerAnswer = 20;

    private static readonly DateTimeOffset Now = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    /// <summary>
    /// <c>flooding start FOLDER KEYS</c> stores so many keys of each kind and opens their folders again;
    /// <c>flooding crawl LIARS NAMES</c> has so many liars name so many endpoints each.
    /// </summary>
    public static Task RunAsync(string[] args) => args switch
    {
        ["start", var folder, var keys] => StartAsync(folder, Numbers.ParseWhole("KEYS", keys, 1, int.MaxValue)),
        ["crawl", var liars, var names] => Task.Run(() => Crawl(
            Numbers.ParseWhole("LIARS", liars, 1, 100_000), Numbers.ParseWhole("NAMES", names, 1, TableWalk.MaxContacts))),
        _ => throw MeasureCommands.WrongUsage("flooding", args, "flooding start FOLDER KEYS, or flooding crawl LIARS NAMES, is needed."),
    };

    private static async Task StartAsync(string folder, int keys)
    {
        await StartAsync("random", Path.Combine(folder, "random"), keys, NodeId.Random);
        await StartAsync("colliding", Path.Combine(folder, "colliding"), keys, HashFamilies.FoldedId);
    }

    private static async Task StartAsync(string kind, string folder, int keys, Func<SeededRandomSource, NodeId> choose)
    {
        var random = new SeededRandomSource(1);
        NodeId[] all = [.. Enumerable.Range(0, keys).Select(_ => choose(random))];
        var value = new StoredValue(DhtValue.FromBoolean(true), Now, Now.AddDays(7), default);
        var fill = Watch.Start();
        await using (var file = SqliteNodeFile.Open(folder, StoreQuota.Unlimited))
        {
            foreach (var some in all.Chunk(FillAtOnce))
            {
                await Task.WhenAll(some.Select(key => file.Keys.PutAsync(key, value).AsTask()));
            }
        }

        var filled = fill.ToString();
        var open = Watch.Start();
        await using var again = SqliteNodeFile.Open(folder, StoreQuota.Unlimited);
        Console.WriteLine($"{kind}: {(await again.Keys.GetUsageAsync()).Keys} keys, stored in {filled}, started with them in {open}");
    }

    private static void Crawl(int liars, int names)
    {
        Crawl("random", liars, names, random => UdpEndpoint.FromHalves(
            0x2A00_0000_0000_0000 | ((ulong)random.NextUInt32() << 16), ((ulong)random.NextUInt32() << 32) | random.NextUInt32(), 8468));
        Crawl("colliding", liars, names, HashFamilies.FoldedEndpoint);
    }

    // The liars answer; nobody answers at what they name.
    private static void Crawl(string kind, int liars, int names, Func<SeededRandomSource, UdpEndpoint> choose)
    {
        var random = new SeededRandomSource(1);
        var ids = Enumerable.Range(0, liars).ToDictionary(i => UdpEndpoint.FromIPv4(0x0B00_0001 + ((uint)i << 8), 8468), _ => NodeId.Random(random));
        var left = ids.ToDictionary(liar => liar.Key, _ => names);
        var watch = Watch.Start();
        var crawl = new Crawl(new CrawlOptions(), random);
        foreach (var liar in ids)
        {
            crawl.Add(new Contact(liar.Value, liar.Key));
        }

        while (crawl.TryNext(out var query))
        {
            if (!ids.TryGetValue(query.Endpoint, out var id))
            {
                crawl.OnFailed(query.Endpoint, isFinal: true);
            }
            else if (query.Target is null)
            {
                crawl.OnPong(query.Endpoint, id, TimeSpan.FromMilliseconds(50));
            }
            else
            {
                var count = Math.Min(NamesPerAnswer, left[query.Endpoint]);
                left[query.Endpoint] -= count;
                Contact[] contacts = [.. Enumerable.Range(0, count).Select(_ => new Contact(NodeId.Random(random), choose(random)))];
                crawl.OnNodes(query.Endpoint, contacts, TimeSpan.FromMilliseconds(50));
            }
        }

        Console.WriteLine($"{kind}: {liars} liars that name {names} endpoints each: {crawl.Records.Count()} records in {watch}");
    }

    private readonly struct Watch
    {
        private readonly long _begin = Stopwatch.GetTimestamp();
        private readonly TimeSpan _cpu = Environment.CpuUsage.TotalTime;

        public Watch()
        {
        }

        public static Watch Start() => new();

        public override string ToString() =>
            $"{Stopwatch.GetElapsedTime(_begin).TotalSeconds:0.00} s ({(Environment.CpuUsage.TotalTime - _cpu).TotalSeconds:0.00} s of processor)";
    }
}
