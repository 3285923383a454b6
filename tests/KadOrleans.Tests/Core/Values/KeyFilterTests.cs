namespace KadOrleans.Tests.Core;

public class KeyFilterTests
{
    [Fact]
    public void A_key_that_was_added_is_never_denied() => Randomized.ForSeeds(100, random =>
    {
        var filter = KeyFilter.For(random.Next(2_000));
        var added = new HashSet<NodeId>();
        for (var i = random.Next(4_000); i >= 0; i--)
        {
            // Near each other too, as keys around one node are.
            var key = random.Next(3) == 0 && added.Count > 0 ? added.First().WithBit(random.Next(160), true) : NodeId.Random(random);
            Assert.Equal(!filter.MayContain(key), filter.Add(key));
            added.Add(key);
            filter = random.Next(1_000) == 0 ? KeyFilter.From(filter.ToArray()) : filter;
        }

        Assert.All(added, key => Assert.True(filter.MayContain(key)));
    });

    [Theory]
    [InlineData(100)]
    [InlineData(10_000)]
    [InlineData(200_000)]
    public void Of_other_keys_few_are_let_through_at_the_capacity(int keys)
    {
        var filter = KeyFilter.For(keys);
        var random = new SeededRandomSource(keys);

        // All of one shard: they share their first bits.
        for (var i = 0; i < keys; i++)
        {
            filter.Add(NodeId.MaxValue.RandomWithPrefix(7, random));
        }

        const int asked = 100_000;
        var let = Enumerable.Range(0, asked).Count(_ => filter.MayContain(NodeId.MaxValue.RandomWithPrefix(7, random)));

        Assert.InRange(let, 0, asked * 15 / 1_000);
        Assert.InRange(filter.Capacity, keys, keys + 50);
        Assert.InRange(filter.Bytes, keys * 3 / 2, (keys * 3 / 2) + 64);
    }

    [Fact]
    public void Additions_of_several_threads_are_all_kept()
    {
        var filter = KeyFilter.For(1_000);
        var keys = Enumerable.Range(0, 4).Select(thread =>
        {
            var random = new SeededRandomSource(thread);
            return Enumerable.Range(0, 5_000).Select(_ => NodeId.Random(random)).ToList();
        }).ToList();

        Parallel.ForEach(keys, some => some.ForEach(key => filter.Add(key)));

        Assert.All(keys.SelectMany(some => some), key => Assert.True(filter.MayContain(key)));
    }

    [Fact]
    public void Bytes_of_another_length_are_no_filter() =>
        Assert.All([0, 63, 100], length => Assert.Throws<ArgumentException>(() => KeyFilter.From(new byte[length])));
}
