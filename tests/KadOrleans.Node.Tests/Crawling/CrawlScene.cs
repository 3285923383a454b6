using KadOrleans.Core;
using KadOrleans.Core.Crawling;
using KadOrleans.Core.Values;
using KadOrleans.Node.Crawling;
using KadOrleans.Node.Local;
using KadOrleans.Node.Ports;
using KadOrleans.Simulation;

namespace KadOrleans.Node.Tests.Crawling;

/// <summary>Crawls a simulated network from one of its addresses.</summary>
internal static class CrawlScene
{
    public const int Rate = 2_000;

    public static async Task<(CrawlRun Run, bool IsDone)> CrawlAsync(
        SimulatedWorld world, UdpEndpoint start, CrawlOptions? options = null, int rate = Rate, IDatagramTransport? transport = null)
    {
        transport ??= world.Network.Bind();
        await using var client = new KadNode(
            new KadNodeOptions { ClientOnly = true },
            transport,
            new InMemoryKeyStore(new StoreQuota()),
            new InMemoryNodeStateStore(),
            world.Environment);
        await client.StartAsync();
        var crawl = new Crawl((options ?? new CrawlOptions()) with { IgnoredId = DhtNode.ClientId }, world.Random);
        crawl.Add(start);
        var run = client.Engine.PrepareCrawl(crawl, rate);
        return (run, await run.RunAsync(TestContext.Current.CancellationToken));
    }

    public static IReadOnlyList<CrawlRecord> Records(this CrawlRun run) => run.Read(crawl => crawl.Records.ToList());

    public static CrawlCounts Counts(this CrawlRun run) => run.Read(crawl => crawl.Counts);

    public static void Note(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
