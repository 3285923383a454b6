namespace KadOrleans.Tests.Core;

public class BucketRangeTests
{
    [Fact]
    public void Random_ids_lie_in_the_range_and_in_one_of_its_halves() => Randomized.ForSeeds(300, random =>
    {
        var range = new BucketRange(NodeId.Random(random), random.Next(160));
        var id = range.RandomId(random);
        Assert.True(range.Contains(id));
        Assert.True(range.LowerHalf.Contains(id) != range.UpperHalf.Contains(id));
        Assert.True(range.Overlaps(range.LowerHalf));
        Assert.True(range.UpperHalf.Overlaps(range));
        Assert.False(range.LowerHalf.Overlaps(range.UpperHalf));
        Assert.True(BucketRange.Whole.Contains(id));
        if (range.Depth > 0)
        {
            Assert.False(range.Contains(id.WithBit(range.Depth - 1, !id.GetBit(range.Depth - 1))));
        }
    });

    [Fact]
    public void Bits_behind_the_prefix_do_not_count()
    {
        Assert.Equal(new BucketRange(NodeId.MaxValue, 4), new BucketRange(NodeId.MaxValue.Prefix(4), 4));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BucketRange(NodeId.MinValue, 161));
        Assert.Throws<ArgumentOutOfRangeException>(() => new BucketRange(NodeId.MinValue, 160).LowerHalf);
    }
}
