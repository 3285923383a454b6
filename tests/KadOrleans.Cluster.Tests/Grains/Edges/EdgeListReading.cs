namespace KadOrleans.Cluster.Tests.Grains;

internal static class EdgeListReading
{
    /// <summary>The edges with live leases.</summary>
    public static async Task<IReadOnlyList<LiveEdge>> GetLiveAsync(this IEdgeDirectoryGrain directory) => (await directory.ListAsync(known: 0)).Edges;
}
