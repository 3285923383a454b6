using KadOrleans.Core.Routing;

namespace KadOrleans.Core.Crawling;

/// <summary>Divides the id space into slices of one size, which are crawled separately. A slice is the ids with one prefix.</summary>
internal static class CrawlSlices
{
    /// <summary>The longest prefix: 1,024 slices.</summary>
    public const int MaxDepth = 10;

    /// <summary>
    /// Nodes of a slice, some. In a smaller slice each node names fewer contacts, so it takes fewer queries. But each slice begins with
    /// lookups, which cost as much as ten of its nodes.
    /// </summary>
    private const double NodesPerSlice = 128;

    /// <summary>Slices per edge, at least, so that edges of different speed end together.</summary>
    private const int SlicesPerEdge = 4;

    public static int DepthFor(double? networkSize, int edges)
    {
        var wanted = Math.Max(SlicesPerEdge * Math.Max(1, edges), (networkSize ?? 0) / NodesPerSlice);
        return (int)Math.Clamp(Math.Ceiling(Math.Log2(wanted)), 0, MaxDepth);
    }

    /// <summary>The ids of a slice: 0 to 2^<paramref name="depth"/> - 1, in the order of the ids.</summary>
    public static BucketRange RangeOf(int slice, int depth)
    {
        var prefix = NodeId.MinValue;
        for (var bit = 0; bit < depth; bit++)
        {
            prefix = prefix.WithBit(bit, ((slice >> (depth - 1 - bit)) & 1) == 1);
        }

        return new BucketRange(prefix, depth);
    }
}
