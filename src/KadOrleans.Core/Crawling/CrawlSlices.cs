namespace KadOrleans.Core;

internal static class CrawlSlices
{
    public const int MaxDepth = 10;

    // Smaller slices take fewer queries of each node. But each slice begins with lookups, which cost as much as ten of its nodes.
    private const double NodesPerSlice = 128;

    /// <summary>So that edges of different speed end together.</summary>
    private const int SlicesPerEdge = 4;

    public static int DepthFor(double? networkSize, int edges)
    {
        var wanted = Math.Max(SlicesPerEdge * Math.Max(1, edges), (networkSize ?? 0) / NodesPerSlice);
        return (int)Math.Clamp(Math.Ceiling(Math.Log2(wanted)), 0, MaxDepth);
    }

    public static BucketRange RangeOf(int slice, int depth)
    {
        Span<byte> prefix = stackalloc byte[NodeId.Length];
        BinaryPrimitives.WriteUInt64BigEndian(prefix, (ulong)slice << (63 - depth) << 1);
        return new BucketRange(new NodeId(prefix), depth);
    }
}
