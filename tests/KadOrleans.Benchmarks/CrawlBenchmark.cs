namespace KadOrleans.Benchmarks;

/// <summary>
/// <c>crawl GATEWAY PORT NODES RATE ROUNDS</c>: starts a network on loopback whose first node has this UDP port. The edges of a running cluster
/// join it there (<c>Kad:Edge:Bootstrap</c>). Then a node, as <c>kad crawl</c> does, and the edges crawl it in turns.
/// </summary>
internal static class CrawlBenchmark
{
    private const int JoinsAtOnce = 8;

    /// <summary>Contacts of an edge that has joined.</summary>
    private const int JoinedContacts = 20;

    private static readonly TimeSpan Poll = TimeSpan.FromSeconds(1);

    public static async Task RunAsync(IGrainFactory grains, int port, int count, int rate, int rounds)
    {
        var first = await StartAsync(port, bootstrap: null);
        await Parallel.ForEachAsync(
            Enumerable.Range(1, count - 1), new ParallelOptions { MaxDegreeOfParallelism = JoinsAtOnce }, async (_, _) => await StartAsync(0, port));
        var cluster = new DhtClient(grains);
        using var timer = new PeriodicTimer(Poll);
        var edges = 0;
        while (await timer.WaitForNextTickAsync())
        {
            var live = (await cluster.GetStatusAsync()).Nodes;
            edges = live.Count;
            if (edges > 0 && live.All(edge => edge.Contacts >= Math.Min(JoinedContacts, count / 2)))
            {
                break;
            }
        }

        Console.WriteLine($"{count} nodes and {edges} edges, at most {rate} datagrams/s");
        for (var round = 0; round < rounds; round++)
        {
            var byNode = await MeasureAsync("one node", async () => await first.Admin.CrawlAsync((await first.Admin.StartCrawlAsync(new CrawlRequest(rate))).Id).LastAsync());
            var byEdges = await MeasureAsync($"{edges} edges", () => CrawlAsync(grains.GetGrain<ICrawlGrain>(GrainKeys.Singleton), rate));
            ShardBenchmark.Say(
                $"edges to node: {byEdges.PerSecond / byNode.PerSecond:F2} of the nodes/s, {(double)byEdges.Datagrams / byNode.Datagrams:F2} of the datagrams");
        }
    }

    private static async Task<CrawlReport> CrawlAsync(ICrawlGrain crawls, int rate)
    {
        var report = CrawlReportJson.Read(await crawls.StartAsync(rate, null));
        using var timer = new PeriodicTimer(Poll);
        while (report.Phase == CrawlPhase.Running && await timer.WaitForNextTickAsync())
        {
            report = CrawlReportJson.Read((await crawls.GetAsync(report.Id))!);
        }

        return report;
    }

    private static async Task<(double PerSecond, long Datagrams)> MeasureAsync(string who, Func<Task<CrawlReport>> crawl)
    {
        var report = await crawl();
        var seconds = (report.EndedAt!.Value - report.StartedAt).TotalSeconds;
        var nodes = report.Summary!.Nodes;
        ShardBenchmark.Say($"{who}: {nodes} nodes in {seconds:F1} s, {nodes / seconds:F1}/s, {report.Datagrams:N0} datagrams");
        return (nodes / seconds, report.Datagrams);
    }

    private static async Task<KadNode> StartAsync(int port, int? bootstrap)
    {
        var node = await KadNode.CreateBuilder().UseUdp($"127.0.0.1:{port}").BuildAsync();
        await node.StartAsync();
        if (bootstrap is { } known)
        {
            await node.BootstrapAsync([$"127.0.0.1:{known}"]);
        }

        return node;
    }
}
