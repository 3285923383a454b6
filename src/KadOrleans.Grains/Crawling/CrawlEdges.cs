using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Crawling;
using KadOrleans.Grains.Abstractions.Edges;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Grains.Crawling;

/// <summary>The live edges, and the calls about slices to them.</summary>
internal sealed class CrawlEdges(IGrainFactory grains, TimeProvider time, TimeSpan timeout, ILogger logger)
{
    private IReadOnlyDictionary<string, LiveEdge> _live = new Dictionary<string, LiveEdge>();

    /// <summary>The live edges by name; those of the last time if the directory does not respond.</summary>
    public async Task<IReadOnlyDictionary<string, LiveEdge>> GetLiveAsync()
    {
        try
        {
            var directory = grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
            _live = (await directory.ListAsync().AsTask().WaitAsync(timeout, time)).Edges.ToDictionary(edge => edge.Name);
        }
        catch (Exception e)
        {
            logger.EdgeFailed(nameof(IEdgeDirectoryGrain), e.Message);
        }

        return _live;
    }

    /// <summary>The size of the network: the median of what the live edges estimate. Null if none does.</summary>
    public double? Estimate()
    {
        var sizes = _live.Values.Select(edge => edge.Report.NetworkSize).OfType<double>().Order().ToList();
        return sizes.Count == 0 ? null : sizes[sizes.Count / 2];
    }

    public Task<CrawlSliceProgress> AskAsync(LiveEdge edge, CrawlSliceOrder order) =>
        edge.Observer.CrawlSliceAsync(order).WaitAsync(timeout, time);

    public async Task<byte[]> ReadAsync(LiveEdge edge, string lease, int page) =>
        await edge.Observer.ReadSliceAsync(lease, page).WaitAsync(timeout, time)
        ?? throw new InvalidDataException($"The edge {edge.Name} has no page {page} of {lease}.");

    /// <summary>Has an edge forget a slice, without waiting for it.</summary>
    public static void End(LiveEdge edge, string lease) => GrainCalls.Ignore(edge.Observer.EndSliceAsync(lease));
}
