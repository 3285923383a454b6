namespace KadOrleans.Tests.Core;

public sealed class BoundedCacheTests
{
    private const int Room = 50 * (CachedValue.Overhead + 64);

    [Fact]
    public void It_has_the_latest_value_or_none_and_never_more_bytes_than_allowed() => Randomized.ForSteps(200, 2_000, steps =>
    {
        var cache = Create(Room);
        var latest = new Dictionary<NodeId, Item>();
        foreach (var step in steps)
        {
            var key = Key(step / 5 % 100);
            switch (step % 5)
            {
                case 0:
                    cache.Remove(key);
                    latest.Remove(key);
                    break;
                case 1:
                    Assert.True(!cache.TryGet(key, out var value) || ReferenceEquals(value, latest[key]));
                    break;
                case 2:
                    latest[key] = Sized(step / 500 % 4_000);
                    cache.Offer(key, latest[key]);
                    break;
                default:
                    latest[key] = Sized(step / 500 % 4_000);
                    cache.Put(key, latest[key]);
                    break;
            }

            Assert.InRange(cache.Bytes, cache.Count * CachedValue.Overhead, Room);
        }
    });

    [Fact]
    public void What_is_asked_for_again_outlives_a_scan_of_many_others()
    {
        var cache = Create(Room);
        var hot = Enumerable.Range(0, 20).Select(Key).ToList();
        foreach (var key in Enumerable.Repeat(hot, 3).SelectMany(keys => keys).Where(key => !cache.TryGet(key, out _)))
        {
            cache.Put(key, Sized(64));
        }

        for (var i = 100; i < 10_000; i++)
        {
            cache.Put(Key(i), Sized(64));
        }

        Assert.All(hot, key => Assert.True(cache.TryGet(key, out _)));
    }

    [Fact]
    public void What_is_offered_once_takes_free_room_and_drives_out_nothing_but_again_it_does()
    {
        var cache = Create(Room);
        for (var i = 0; i < 10_000; i++)
        {
            cache.Offer(Key(i), Sized(64));
        }

        Assert.Equal(50, cache.Count);
        Assert.All(Enumerable.Range(0, 50), i => Assert.True(cache.TryGet(Key(i), out _)));
        cache.Offer(Key(20_000), Sized(64));
        Assert.False(cache.TryGet(Key(20_000), out _));
        cache.Offer(Key(20_000), Sized(64));
        Assert.True(cache.TryGet(Key(20_000), out _));
    }

    [Fact]
    public void A_value_that_it_has_no_room_for_drives_out_nothing_but_the_older_one_of_its_key()
    {
        var cache = Create(1_000);
        cache.Put(Key(1), Sized(64));
        cache.Put(Key(2), Sized(64));
        cache.Put(Key(2), Sized(8_000));

        Assert.True(cache.TryGet(Key(1), out _));
        Assert.False(cache.TryGet(Key(2), out _));
    }

    [Fact]
    public void A_part_of_a_cache_whose_keys_share_bits_of_their_codes_remembers_as_many_that_left()
    {
        // Full, so that an offered key is only remembered. Of 200 keys all but those that another overwrote come in by a second offer.
        var cache = Create(1_024 * (CachedValue.Overhead + 64));
        for (var i = 0; i < 1_024; i++)
        {
            cache.Put(Key(i), Sized(64));
        }

        var offered = Enumerable.Range(2_000, 100_000).Select(Key).Where(key => (uint)key.GetHashCode() % 16 == 3).Take(200).ToList();
        offered.ForEach(key => cache.Offer(key, Sized(64)));
        offered.ForEach(key => cache.Offer(key, Sized(64)));
        Assert.InRange(offered.Count(key => cache.TryGet(key, out _)), 110, 200);
    }

    private static BoundedCache<Item> Create(long maxBytes) => new(maxBytes, item => item.Size);

    private static NodeId Key(int number) => NodeId.FromKey($"{number}");

    private static Item Sized(int length) => new(CachedValue.Overhead + length);

    private sealed record Item(int Size);
}
