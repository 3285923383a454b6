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
        var run = client.Engine.PrepareCrawl(options ?? new CrawlOptions(), rate);
        run.Change(crawl => crawl.Add(start));
        return (run, await run.RunAsync(TestContext.Current.CancellationToken));
    }

    public static void Note(string text) => TestContext.Current.TestOutputHelper?.WriteLine(text);
}
