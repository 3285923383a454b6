using System.Globalization;

namespace KadOrleans.Tests.Core;

public class MakingRoomTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly NodeId OwnId = NodeId.FromKey("own");
    private static readonly ResponsibleArea Near = new(OwnId, 4);
    private readonly SeededRandomSource _random = new(16);

    [Fact]
    public void One_60_that_floods_a_store_gets_a_share_and_honest_values_stay()
    {
        var shard = new KeyShard(Quota(1_000));
        shard.SetArea(Near);
        var honest = Fill(shard, 100, i => $"198.51.{i}.1:1");
        var own = Fill(shard, 50, _ => null);
        var flood = Enumerable.Range(0, 5_000).Select(i => shard.Put(FarKey(), Value($"[2001:db8:0:{i % 10:x}::1]:1"))).ToList();

        Assert.Equal(200, flood.Count(result => result == StoreResult.Stored));
        Assert.All(flood.Skip(200), result => Assert.Equal(StoreResult.SubnetQuotaExceeded, result));
        Assert.All(honest.Concat(own), key => Assert.True(shard.TryGet(key, Now, out _)));
        Assert.Equal(StoreResult.Stored, shard.Put(FarKey(), Value("192.0.2.1:1")));
    }

    [Fact]
    public void Many_subnets_that_flood_a_store_make_room_for_one_that_uses_less()
    {
        var shard = new KeyShard(Quota(1_000));
        shard.SetArea(Near);
        var flood = Enumerable.Range(0, 5_000).Select(i => shard.Put(FarKey(), Value($"[2001:db8:{i % 10:x}::1]:1"))).ToList();
        Assert.Equal(800, flood.Count(result => result == StoreResult.Stored));
        Assert.All(flood.Skip(800), result => Assert.Equal(StoreResult.FarQuotaExceeded, result));

        var honest = Fill(shard, 70, _ => "192.0.2.1:1");

        Assert.All(honest, key => Assert.True(shard.TryGet(key, Now, out _)));
        Assert.Equal(800, shard.Count);
        Assert.Equal(new StoreTurnover(70, 0, 0), shard.Turnover);
    }

    [Fact]
    public void The_reserve_takes_near_and_own_values_and_far_ones_make_room_beyond_it()
    {
        var shard = new KeyShard(Quota(100));
        shard.SetArea(Near);
        Fill(shard, 80, i => $"198.51.{i}.1:1");

        var near = Enumerable.Range(0, 60).Select(_ => NearKey()).ToList();
        Assert.All(near, key => Assert.Equal(StoreResult.Stored, shard.Put(key, Value($"192.0.{near.IndexOf(key)}.1:1"))));
        Assert.Equal(100, shard.Count);
    }

    [Fact]
    public void The_order_within_a_source_stays_when_the_area_changes()
    {
        var shard = new KeyShard(Quota(10) with { KeysPerSource = 10, KeysPerSubnet = 10, ReservePercent = 0 });
        var keys = Fill(shard, 10, _ => "198.51.100.1:1");
        shard.Put(keys[0], Value("198.51.100.1:1") with { StoredAt = Now.AddMinutes(1) });

        shard.SetArea(Near);
        shard.Put(FarKey(), Value("192.0.2.1:1"));
        Assert.Equal([keys[1]], keys.Where(key => !shard.TryGet(key, Now, out _)));

        shard.SetArea(ResponsibleArea.Everywhere);
        shard.Put(FarKey(), Value("192.0.2.1:1"));
        Assert.Equal([keys[1], keys[2]], keys.Where(key => !shard.TryGet(key, Now, out _)));
    }

    [Fact]
    public void A_large_value_takes_the_room_of_several_small_ones_or_of_none()
    {
        var shard = new KeyShard(StoreQuota.Unlimited with { TotalKeys = 100, TotalBytes = 100 * 130 });
        var small = Fill(shard, 99, _ => "198.51.100.1:1");
        var large = Value("192.0.2.1:1", 1_000);

        Assert.Equal(StoreResult.Stored, shard.Put(FarKey(), large));
        Assert.Equal(small.Skip(8), small.Where(key => shard.TryGet(key, Now, out _)));

        var before = shard.Values.ToDictionary();
        Assert.Equal(StoreResult.TotalQuotaExceeded, shard.Put(FarKey(), Value("192.0.2.1:1", 8_000)));
        Assert.Equal(before, shard.Values.ToDictionary());
    }

    [Fact]
    public void Values_are_judged_again_when_the_area_changes()
    {
        var shard = new KeyShard(StoreQuota.Unlimited with { TotalKeys = 100, ReservePercent = 50 });
        var near = Enumerable.Range(0, 40).Select(_ => NearKey()).ToList();
        near.ForEach(key => shard.Put(key, Value("203.0.113.1:1")));
        var far = Fill(shard, 60, i => $"198.51.{i}.1:1");

        shard.SetArea(Near);
        Assert.Equal(StoreResult.FarQuotaExceeded, shard.Put(FarKey(), Value("192.0.2.1:1")));
        for (var i = 0; i < 60; i++)
        {
            Assert.Equal(StoreResult.Stored, shard.Put(NearKey(), Value("203.0.112.1:1")));
        }

        Assert.All(near, key => Assert.True(shard.TryGet(key, Now, out _)));
        Assert.All(far, key => Assert.False(shard.TryGet(key, Now, out _)));
    }

    [Fact]
    public void A_source_changes_values_of_others_up_to_a_rate_and_its_own_without_end()
    {
        var shard = new KeyShard(Quota(1_000) with { ChangesPerSource = 10, ChangesPerSubnet = 15 });
        var keys = Fill(shard, 100, _ => "198.51.100.1:1");
        Assert.Equal(10, Change("192.0.2.1:1", keys, Now));
        Assert.Equal(5, Change("192.0.2.2:1", keys[10..], Now));
        Assert.Equal(0, Change("192.0.2.3:1", keys[15..], Now));
        Assert.Equal(1, Change("192.0.2.1:1", keys[15..], Now.AddMinutes(6)));

        Assert.Equal(84, Change("198.51.100.1:1", keys[16..], Now));
        Assert.Equal(16, Change(null, keys[..16], Now));

        int Change(string? source, List<NodeId> changed, DateTimeOffset at) => changed.Count(key =>
            shard.Put(key, Value(source, 3) with { StoredAt = at }) is var result && result == StoreResult.Stored
            || (result == StoreResult.ChangeLimitExceeded ? false : throw new InvalidOperationException($"{result}")));
    }

    [Fact]
    public void Accounts_are_those_of_a_new_store_after_100_000_random_puts()
    {
        var quota = Quota(2_000) with { KeysPerSource = 60, KeysPerSubnet = 150, BytesPerSource = 60 * 200 };
        var shard = new KeyShard(quota);
        shard.SetArea(Near);
        for (var i = 0; i < 100_000; i++)
        {
            var source = _random.Next(40) == 0 ? null : $"198.51.{_random.Next(60)}.{_random.Next(5)}:1";
            var key = NodeId.FromKey(_random.Next(20_000).ToString(CultureInfo.InvariantCulture));
            shard.Put(key, Value(source, _random.Next(200)), (PutKind)_random.Next(2));
            if (_random.Next(10) == 0)
            {
                shard.Remove(NodeId.FromKey(_random.Next(20_000).ToString(CultureInfo.InvariantCulture)));
            }
        }

        var other = new KeyShard(quota);
        other.SetArea(Near);
        foreach (var (key, value) in shard.Values)
        {
            other.Restore(key, value);
        }

        Assert.Equal((shard.Count, shard.Bytes), (other.Count, other.Bytes));
        Assert.InRange(shard.Count, 1_000, quota.TotalKeys);
        for (var i = 0; i < 500; i++)
        {
            var value = Value($"198.51.{_random.Next(80)}.{_random.Next(5)}:1", _random.Next(200));
            var key = _random.Next(2) == 0 ? NearKey() : FarKey();
            Assert.Equal(other.Decide(key, value).Evicted.Count, shard.Decide(key, value).Evicted.Count);
            Assert.Equal(other.FindRefusal(key, value), shard.FindRefusal(key, value));
        }

        foreach (var key in shard.Enumerate().Select(held => held.Key).ToList())
        {
            shard.Remove(key);
        }

        Assert.Equal((0, 0L), (shard.Count, shard.Bytes));
    }

    private static StoreQuota Quota(int keys) => new()
    {
        TotalKeys = keys,
        KeysPerSource = keys / 10,
        KeysPerSubnet = keys / 5,
    };

    private static StoredValue Value(string? source, int length = 2) => new(
        DhtValue.FromBytes(new byte[length]),
        Now,
        Now.AddDays(7),
        source is null ? SourceNetwork.Trusted : SourceNetwork.Of(UdpEndpoint.Parse(source)));

    private NodeId NearKey() => OwnId.RandomWithPrefix(4, _random);

    private NodeId FarKey()
    {
        while (true)
        {
            var key = NodeId.Random(_random);
            if (!Near.Contains(key))
            {
                return key;
            }
        }
    }

    private List<NodeId> Fill(KeyShard shard, int count, Func<int, string?> source)
    {
        var keys = Enumerable.Range(0, count).Select(_ => FarKey()).ToList();
        foreach (var (i, key) in keys.Index())
        {
            Assert.Equal(StoreResult.Stored, shard.Put(key, Value(source(i))));
        }

        return keys;
    }
}

/// <summary>A quota that an operator changes while the store is used.</summary>
public sealed class ChangedQuotaTests
{
    private static readonly DateTimeOffset Now = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private readonly KeyShard _shard = new(new StoreQuota());

    [Theory]
    [InlineData("totalKeys", 20, StoreResult.TotalQuotaExceeded)]
    [InlineData("totalBytes", 20, StoreResult.TotalQuotaExceeded)]
    [InlineData("keysPerSource", 3, StoreResult.SourceQuotaExceeded)]
    [InlineData("bytesPerSource", 3, StoreResult.SourceQuotaExceeded)]
    [InlineData("keysPerSubnet", 3, StoreResult.SubnetQuotaExceeded)]
    [InlineData("bytesPerSubnet", 3, StoreResult.SubnetQuotaExceeded)]
    public void A_quota_below_what_is_held_refuses_new_keys_and_removes_none(string name, int keys, StoreResult refused)
    {
        // Ten sources with four keys each, each in a network of its own.
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal(StoreResult.Stored, Put(i, i % 10));
        }

        var share = StoreShare.Of(Value(0)).Footprint;
        Use((name, name.StartsWith("bytes", StringComparison.Ordinal) || name == "totalBytes" ? keys * share : keys));

        Assert.Equal(refused, Put(100, 3));
        Assert.Equal(40, _shard.Count);

        // What is held is renewed, but does not grow.
        Assert.Equal(StoreResult.Stored, Put(3, 3));
        Assert.Equal(40, _shard.Count);
        Assert.Equal(default, _shard.Turnover);

        Use();
        Assert.Equal(StoreResult.Stored, Put(100, 3));
        Assert.Equal(41, _shard.Count);
    }

    [Fact]
    public void New_keys_come_once_enough_has_ended_and_make_room_as_before_then()
    {
        for (var i = 0; i < 30; i++)
        {
            Put(i, i % 3);
        }

        Use(("totalKeys", 20), ("reservePercent", 0));
        Assert.Equal(StoreResult.TotalQuotaExceeded, Put(100, 50));
        for (var i = 0; i < 10; i++)
        {
            _shard.Remove(Key(i));
        }

        // A newcomer makes the one who has most give way.
        Assert.Equal(StoreResult.Stored, Put(100, 50));
        Assert.Equal((20, 1L), (_shard.Count, _shard.Turnover.Evicted));
    }

    [Fact]
    public void Own_values_are_refused_beyond_the_quota_too()
    {
        Put(1, 1);
        Put(2, 2);
        Use(("totalKeys", 1));

        Assert.Equal(StoreResult.TotalQuotaExceeded, _shard.Put(Key(3), Value(null)));
        Assert.Equal(2, _shard.Count);
    }

    [Fact]
    public void Who_loses_a_value_first_is_judged_by_the_new_quota()
    {
        // One has many keys, the other many bytes.
        for (var i = 0; i < 20; i++)
        {
            Put(i, 1);
        }

        _shard.Put(Key(50), new StoredValue(new string('x', 8_000), Now, Now.AddDays(1), Network(2)));
        var held = _shard.Count;
        Use(("totalKeys", held), ("totalBytes", 1L << 40), ("reservePercent", 0));
        Assert.Equal(StoreResult.Stored, Put(100, 3));
        Assert.True(_shard.TryFind(Key(50), out _));

        Use(("totalKeys", 1_000_000), ("totalBytes", _shard.Bytes), ("reservePercent", 0));
        Assert.Equal(StoreResult.Stored, Put(101, 4));
        Assert.False(_shard.TryFind(Key(50), out _));
    }

    private void Use(params (string Name, long Value)[] limits) => _shard.Accounts.Use(LimitBook.Apply(
        new LimitValues(new StoreQuota(), new SourceLimits(), new UploadLimits(), 1),
        limits.Select(limit => new LimitEntry(limit.Name, limit.Value, Now)),
        int.MaxValue).Quota);

    private StoreResult Put(int key, int source) => _shard.Put(Key(key), Value(source));

    private static NodeId Key(int key) => NodeId.FromKey(key.ToString(CultureInfo.InvariantCulture));

    private static StoredValue Value(int? source) => new("value", Now, Now.AddDays(1), source is { } number ? Network(number) : SourceNetwork.Trusted);

    private static SourceNetwork Network(int number) => SourceNetwork.Of(UdpEndpoint.Parse($"198.51.{number}.1:1"));
}
