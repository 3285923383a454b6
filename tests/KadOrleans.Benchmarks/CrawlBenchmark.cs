using System.Text.Json.Nodes;
using Microsoft.Extensions.DependencyInjection;

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
            var byNode = await MeasureAsync("one node", CrawlAsync(first, rate));
            var byEdges = await MeasureAsync($"{edges} edges", CrawlAsync(grains.GetGrain<ICrawlGrain>(GrainKeys.Singleton), rate));
            ShardBenchmark.Say(
                $"edges to node: {byEdges.PerSecond / byNode.PerSecond:F2} of the nodes/s, {(double)byEdges.Datagrams / byNode.Datagrams:F2} of the datagrams");
        }
    }

    private static async Task<Crawled> CrawlAsync(ICrawlGrain crawls, int rate)
    {
        var report = JsonNode.Parse(await crawls.StartAsync(rate, null))!;
        var id = (string)report["id"]!;
        using var timer = new PeriodicTimer(Poll);
        while ((string)report["phase"]! == "running" && await timer.WaitForNextTickAsync())
        {
            report = JsonNode.Parse((await crawls.GetAsync(id))!)!;
        }

        return new Crawled(
            (long)report["summary"]!["nodes"]!, (DateTimeOffset)report["endedAt"]! - (DateTimeOffset)report["startedAt"]!, (long)report["datagrams"]!);
    }

    private static async Task<Crawled> CrawlAsync(KadNode node, int rate)
    {
        var report = await node.Admin.CrawlAsync((await node.Admin.StartCrawlAsync(new CrawlRequest(rate))).Id).LastAsync();
        return new Crawled(report.Summary!.Nodes, report.EndedAt!.Value - report.StartedAt, report.Datagrams);
    }

    private static async Task<Crawled> MeasureAsync(string who, Task<Crawled> crawl)
    {
        var crawled = await crawl;
        ShardBenchmark.Say(
            $"{who}: {crawled.Nodes} nodes in {crawled.Took.TotalSeconds:F1} s, {crawled.PerSecond:F1}/s, {crawled.Datagrams:N0} datagrams");
        return crawled;
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

    private readonly record struct Crawled(long Nodes, TimeSpan Took, long Datagrams)
    {
        public double PerSecond => Nodes / Took.TotalSeconds;
    }
}
