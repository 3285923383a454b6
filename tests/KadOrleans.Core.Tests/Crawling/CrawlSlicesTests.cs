using KadOrleans.Core.Crawling;
using KadOrleans.Testing;

namespace KadOrleans.Core.Tests.Crawling;

public class CrawlSlicesTests
{
    [Theory]
    [InlineData(0)]
    [InlineData(1)]
    [InlineData(7)]
    [InlineData(CrawlSlices.MaxDepth)]
    public void Each_id_is_in_one_slice_and_slices_are_in_the_order_of_ids(int depth) => Randomized.ForSeeds(50, random =>
    {
        var id = NodeId.Random(random);
        var slice = Assert.Single(Enumerable.Range(0, 1 << depth), slice => CrawlSlices.RangeOf(slice, depth).Contains(id));
        Assert.Equal(PrefixBalance.PrefixOf(id, depth), slice);
    });

    [Theory]
    [InlineData(null, 0, 2)]
    [InlineData(null, 1, 2)]
    [InlineData(60.0, 2, 3)]
    [InlineData(100_000.0, 10, CrawlSlices.MaxDepth)]
    [InlineData(1e9, 10, CrawlSlices.MaxDepth)]
    public void Slices_have_some_hundred_nodes_and_suffice_for_all_edges(double? size, int edges, int depth) =>
        Assert.Equal(depth, CrawlSlices.DepthFor(size, edges));
}
