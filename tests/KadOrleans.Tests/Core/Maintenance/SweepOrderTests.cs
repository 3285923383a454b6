namespace KadOrleans.Tests.Core;

public sealed class SweepOrderTests
{
    [Fact]
    public void Every_key_comes_once_and_those_of_a_place_ascend() => Randomized.ForSeeds(50, random =>
    {
        List<NodeId> keys = [.. Enumerable.Range(0, random.Next(200)).Select(_ => NodeId.Random(random))];
        NodeId[] sorted = [.. keys.Order()];

        NodeId[] arranged = [.. SweepOrder.Arrange(keys, static key => key)];

        Assert.Equal(sorted, arranged.Order());
        for (var i = SweepOrder.Places; i < arranged.Length; i++)
        {
            // The last round has fewer places, so a key's place in the round may differ by those that have ended.
            Assert.Contains(arranged[(i - SweepOrder.Places)..i], earlier => Array.IndexOf(sorted, earlier) == Array.IndexOf(sorted, arranged[i]) - 1);
        }
    });

    [Fact]
    public void Keys_near_one_are_counted_as_all_of_them_say() => Randomized.ForSeeds(50, random =>
    {
        List<NodeId> sorted = [.. Enumerable.Range(0, 1 + random.Next(100)).Select(_ => NodeId.Random(random)).Order()];
        for (var depth = 0; depth <= NodeId.BitLength; depth += 1 + random.Next(8))
        {
            var key = sorted[random.Next(sorted.Count)];
            Assert.Equal(
                sorted.Count(other => other.CommonPrefixLength(key) >= depth),
                SweepOrder.CountNear(sorted, static one => one, key, depth));
        }
    });
}
