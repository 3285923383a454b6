using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.PortContracts;
using KadOrleans.Storage.Sqlite.Reading;
using KadOrleans.Testing;

namespace KadOrleans.Storage.Sqlite.Tests.Reading;

public sealed class ValueCacheTests
{
    private const int Room = 50 * (ValueCache.Overhead + 64);

    [Fact]
    public void It_has_the_latest_value_or_none_and_never_more_bytes_than_allowed() => Randomized.ForSteps(200, 2_000, steps =>
    {
        var cache = new ValueCache(Room);
        var latest = new Dictionary<NodeId, StoredValue>();
        foreach (var step in steps)
        {
            var key = StoredValues.Key(step / 4 % 100);
            switch (step % 4)
            {
                case 0:
                    cache.Remove(key);
                    latest.Remove(key);
                    break;
                case 1:
                    Assert.True(cache.Get(key) is not { } value || ReferenceEquals(value, latest[key]));
                    break;
                default:
                    latest[key] = StoredValues.Sized(step / 400 % 4_000);
                    cache.Put(key, latest[key]);
                    break;
            }

            Assert.InRange(cache.Bytes, cache.Count * ValueCache.Overhead, Room);
        }
    });

    [Fact]
    public void What_is_asked_for_again_outlives_a_scan_of_many_others()
    {
        var cache = new ValueCache(Room);
        var hot = Enumerable.Range(0, 20).Select(StoredValues.Key).ToList();
        foreach (var _ in Enumerable.Range(0, 3))
        {
            foreach (var key in hot)
            {
                if (cache.Get(key) is null)
                {
                    cache.Put(key, StoredValues.Sized(64));
                }
            }
        }

        for (var i = 100; i < 10_000; i++)
        {
            cache.Put(StoredValues.Key(i), StoredValues.Sized(64));
        }

        Assert.All(hot, key => Assert.NotNull(cache.Get(key)));
    }

    [Fact]
    public void A_value_that_it_has_no_room_for_drives_out_nothing_but_the_older_one_of_its_key()
    {
        var cache = new ValueCache(1_000);
        cache.Put(StoredValues.Key(1), StoredValues.Sized(64));
        cache.Put(StoredValues.Key(2), StoredValues.Sized(64));
        cache.Put(StoredValues.Key(2), StoredValues.Sized(8_000));

        Assert.NotNull(cache.Get(StoredValues.Key(1)));
        Assert.Null(cache.Get(StoredValues.Key(2)));
    }

    [Fact]
    public void Without_room_it_keeps_nothing()
    {
        var cache = new ValueCache(0);
        cache.Put(StoredValues.Key(1), StoredValues.Sized(0));
        Assert.Null(cache.Get(StoredValues.Key(1)));
    }
}
