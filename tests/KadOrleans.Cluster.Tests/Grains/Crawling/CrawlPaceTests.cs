using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.Grains;

/// <summary>A small network is crawled as fast as its edges are done.</summary>
public sealed class CrawlPaceTests
{
    [Fact]
    public async Task Slices_that_end_soon_do_not_wait_for_the_longest_pause()
    {
        const int nodes = 2;
        await using var cluster = await TestSilos.StartTwoAsync(new TestRows(), silo =>
        {
            // So long that the crawl would never end.
            silo.Services.AddSingleton(new CrawlTiming { Poll = TimeSpan.FromHours(1), Silence = TimeSpan.FromHours(2), Lease = TimeSpan.FromHours(2) });
            silo.UseKadGrains();
        });
        var edge = new SyntheticNetwork(nodes).CreateEdge("a");
        await cluster.Client.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton)
            .LeaseAsync("a", 1, cluster.Client.CreateObjectReference<IEdgeObserver>(edge));
        var crawls = cluster.Client.GetGrain<ICrawlGrain>(GrainKeys.Singleton);

        await crawls.StartAsync(null, null);
        var report = await Eventually.ReadAsync(
            async () => CrawlReportJson.Read((await crawls.ListAsync())[0]), report => report.Phase != CrawlPhase.Running);

        Assert.Equal((CrawlPhase.Finished, nodes), (report.Phase, report.Counts.Reachable));
        Assert.Equal(report.Slices, report.SlicesDone);

        // Orleans holds it weakly.
        GC.KeepAlive(edge);
    }
}
