using System.Globalization;
using KadOrleans.Client;
using KadOrleans.Node;
using KadOrleans.Transport.Udp.Hosting;

namespace KadOrleans.Benchmarks.Cluster;

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
        var cluster = new DhtAdminClient(grains);
        using var timer = new PeriodicTimer(Poll);
        var edges = 0;
        while (await timer.WaitForNextTickAsync())
        {
            var live = (await cluster.GetEdgesAsync()).Where(edge => edge.State == EdgeLeaseState.Live).ToList();
            edges = live.Count;
            if (edges > 0 && live.All(edge => edge.Contacts >= Math.Min(JoinedContacts, count / 2)))
            {
                break;
            }
        }

        Console.WriteLine($"{count} nodes and {edges} edges, at most {rate} datagrams/s");
        for (var round = 0; round < rounds; round++)
        {
            var byNode = await CrawlAsync("one node", first.Admin, rate);
            var byEdges = await CrawlAsync($"{edges} edges", cluster, rate);
            Console.WriteLine(string.Create(
                CultureInfo.InvariantCulture, $"edges to node: {byEdges.PerSecond / byNode.PerSecond:F2} of the nodes/s, {(double)byEdges.Datagrams / byNode.Datagrams:F2} of the datagrams"));
        }
    }

    private static async Task<(double PerSecond, long Datagrams)> CrawlAsync(string who, IDhtAdmin admin, int rate)
    {
        var started = await admin.StartCrawlAsync(new CrawlRequest(rate));
        var report = await admin.CrawlAsync(started.Id).LastAsync();
        var seconds = (report.EndedAt!.Value - report.StartedAt).TotalSeconds;
        var nodes = report.Summary!.Nodes;
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture, $"{who}: {nodes} nodes in {seconds:F1} s, {nodes / seconds:F1}/s, {report.Datagrams:N0} datagrams"));
        return (nodes / seconds, report.Datagrams);
    }

    private static async Task<KadNode> StartAsync(int port, int? bootstrap)
    {
        var node = await KadNode.CreateBuilder().UseUdp(string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{port}")).BuildAsync();
        await node.StartAsync();
        if (bootstrap is { } known)
        {
            await node.BootstrapAsync([string.Create(CultureInfo.InvariantCulture, $"127.0.0.1:{known}")]);
        }

        return node;
    }
}
