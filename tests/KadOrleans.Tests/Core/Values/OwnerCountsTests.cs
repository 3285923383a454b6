namespace KadOrleans.Tests.Core;

public sealed class OwnerCountsTests
{
    private readonly Random _random = new(5);

    // A full store of as many owners as keys, and one with a tenth of it: 1,000,000 keys, or the part of a shard.
    [Theory]
    [InlineData(1_000)]
    [InlineData(16_000)]
    [InlineData(1_000_000)]
    public void A_count_is_never_less_than_what_an_owner_has_and_little_more(int keys)
    {
        var (counts, exact) = (new OwnerCounts(keys), new Dictionary<int, (int Keys, long Bytes)>());
        Put(-7, keys / 10);
        while (exact.Count <= keys * 9 / 10)
        {
            Put(_random.Next(), 1);
        }

        Assert.All(exact.Take(2_000), owner =>
        {
            var (held, counted) = (owner.Value, counts.Of(owner.Key));
            Assert.InRange(counted.Keys, held.Keys, held.Keys + (keys / 10 / 20));
            Assert.True(counted.Bytes >= held.Bytes, $"{counted} of {held}");
        });

        void Put(int code, int times)
        {
            for (var i = 0; i < times; i++)
            {
                var bytes = _random.Next(200, 1_400);
                counts.Count(code, 1, bytes);
                var held = exact.GetValueOrDefault(code);
                exact[code] = (held.Keys + 1, held.Bytes + bytes);
            }
        }
    }

    [Fact]
    public void What_goes_leaves_no_trace()
    {
        var counts = new OwnerCounts(1_000);
        int[] codes = [.. Enumerable.Range(0, 5_000).Select(_ => _random.Next())];
        Assert.Equal(default, counts.Of(codes[0]));
        Array.ForEach(codes, code => counts.Count(code, 1, 300));
        Assert.NotEqual(default, counts.Of(codes[0]));
        Array.ForEach(codes, code => counts.Count(code, -1, 300));

        Assert.All(codes, code => Assert.Equal(default, counts.Of(code)));
    }

    [Fact]
    public void Memory_does_not_grow_with_owners()
    {
        var counts = new OwnerCounts(1_000_000);
        counts.Count(0, 1, 300);

        Assert.Equal(0, Allocation.Of(() =>
        {
            for (var code = 1; code < 100_000; code++)
            {
                counts.Count(code, 1, 300);
            }
        }));
    }
}
