using Orleans.CodeGeneration;

namespace KadOrleans.Client;

// Crawls the network by the cluster's edges, which get slices of the id space under leases. Key: GrainKeys.Singleton. A crawl that
// began is durable when a call returns, and so is each slice that is done. Reports travel as CrawlReportJson writes them.
[Alias("kad.ICrawlGrain")]
[Version(0)]
[OpenTo(Callers.Silos)]
internal interface ICrawlGrain : IGrainWithIntegerKey
{
    /// <summary>Starts a crawl, or returns the one that runs. Null: as the settings say. The rate is that of all edges together.</summary>
    [Alias("Start")]
    [OpenTo(Callers.Silos, IsManagement = true)]
    ValueTask<string> StartAsync(int? rate, int? maxNodes);

    /// <summary>The reports of the crawl that runs and the kept ones, newest first.</summary>
    [Alias("List")]
    ValueTask<IReadOnlyList<string>> ListAsync();

    [Alias("Get")]
    ValueTask<string?> GetAsync(string id);

    /// <summary>A part of what a crawl found. The position is 0, or the <see cref="CrawlPart.Next"/> of the part before.</summary>
    [Alias("Read")]
    ValueTask<CrawlPart> ReadAsync(string id, int position);

    [Alias("Stop")]
    [OpenTo(Callers.Silos, IsManagement = true)]
    ValueTask<bool> StopAsync(string id);

    /// <summary>Sets the reminder of periodic crawls as the settings say, or removes it.</summary>
    [Alias("Schedule")]
    ValueTask ScheduleAsync();
}

/// <summary>A <see cref="CrawlPage"/>: null if there is nothing at the position. The next position is null after the last part.</summary>
[GenerateSerializer]
[Alias("kad.CrawlPart")]
internal sealed record CrawlPart([property: Id(0)] byte[]? Page, [property: Id(1)] int? Next);

// A slice that an edge is to crawl, as long as it is asked again within the duration. The lease names the crawl, the slice, and
// how often it was given away.
[GenerateSerializer]
[Alias("kad.CrawlSliceOrder")]
internal sealed record CrawlSliceOrder(
    [property: Id(0)] string Lease,
    [property: Id(1)] BucketRange Region,
    [property: Id(2)] int Rate,
    [property: Id(3)] int MaxNodes,
    [property: Id(4)] TimeSpan Duration);

/// <summary>How far an edge is with a slice, with the members of <see cref="CrawlCounts"/>. The pages are null while it is crawled.</summary>
[GenerateSerializer]
[Alias("kad.CrawlSliceProgress")]
internal sealed record CrawlSliceProgress(
    [property: Id(0)] int? Pages,
    [property: Id(1)] long Datagrams,
    [property: Id(2)] int Reachable,
    [property: Id(3)] int Visited,
    [property: Id(4)] int Waiting,
    [property: Id(5)] int Unreachable,
    [property: Id(6)] int NotNodes,
    [property: Id(7)] long Refused,
    [property: Id(8)] long Overflow)
{
    public CrawlCounts Counts => new(Reachable, Visited, Waiting, Unreachable, NotNodes, Refused, Overflow);

    public static CrawlSliceProgress Of(int? pages, long datagrams, CrawlCounts counts) => new(
        pages, datagrams, counts.Reachable, counts.Visited, counts.Waiting, counts.Unreachable, counts.NotNodes, counts.Refused, counts.Overflow);
}
