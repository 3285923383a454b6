namespace KadOrleans.Tests.Core;

public class MakingRoomTests
{
    private static readonly NodeId OwnId = NodeId.FromKey("own");
    private static readonly ResponsibleArea Near = new(OwnId, 4);
    private readonly SeededRandomSource _random = new(16);

    [Fact]
    public void A_source_changes_values_of_others_up_to_a_rate_and_its_own_without_end()
    {
        var shard = new KeyShard(Quota(1_000) with { ChangesPerSource = 10, ChangesPerSubnet = 15 });
        List<NodeId> keys = [.. Enumerable.Range(0, 100).Select(Samples.Key)];
        keys.ForEach(key => Assert.Equal(StoreResult.Stored, shard.Put(key, Value("198.51.100.1:1"))));
        Assert.Equal(10, Change("192.0.2.1:1", keys, Samples.Now));
        Assert.Equal(5, Change("192.0.2.2:1", keys[10..], Samples.Now));
        Assert.Equal(0, Change("192.0.2.3:1", keys[15..], Samples.Now));
        Assert.Equal(1, Change("192.0.2.1:1", keys[15..], Samples.Now.AddMinutes(6)));

        Assert.Equal(84, Change("198.51.100.1:1", keys[16..], Samples.Now));
        Assert.Equal(16, Change(null, keys[..16], Samples.Now));

        int Change(string? source, List<NodeId> changed, DateTimeOffset at) => changed.Count(key =>
        {
            var result = shard.Put(key, Value(source, 3) with { StoredAt = at });
            Assert.True(result is StoreResult.Stored or StoreResult.ChangeLimitExceeded);
            return result == StoreResult.Stored;
        });
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
            shard.Put(Samples.Key(_random.Next(20_000)), Value(source, _random.Next(200)), (PutKind)_random.Next(2));
            if (_random.Next(10) == 0)
            {
                shard.Remove(Samples.Key(_random.Next(20_000)));
            }
        }

        var other = new KeyShard(quota);
        other.SetArea(Near);
        shard.Values.ToList().ForEach(pair => other.Restore(pair.Key, pair.Value));

        Assert.Equal((shard.Count, shard.Bytes), (other.Count, other.Bytes));
        Assert.InRange(shard.Count, 1_000, quota.TotalKeys);
        for (var i = 0; i < 500; i++)
        {
            var value = Value($"198.51.{_random.Next(80)}.{_random.Next(5)}:1", _random.Next(200));
            var key = _random.Next(2) == 0 ? OwnId.RandomWithPrefix(4, _random) : NodeId.Random(_random);
            Assert.Equal(other.Decide(key, value).Evicted.Count, shard.Decide(key, value).Evicted.Count);
            Assert.Equal(other.FindRefusal(key, value), shard.FindRefusal(key, value));
        }

        shard.Enumerate().Select(held => held.Key).ToList().ForEach(key => shard.Remove(key));
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
        Samples.Now,
        Samples.Now.AddDays(7),
        source is null ? SourceNetwork.Trusted : SourceNetwork.Of(UdpEndpoint.Parse(source)));
}

/// <summary>A quota that an operator changes while the store is used.</summary>
public sealed class ChangedQuotaTests
{
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
        Assert.Equal(StoreResult.TotalQuotaExceeded, _shard.Put(Samples.Key(100), Value(null)));
        Assert.All(Enumerable.Range(0, 10), i => Assert.True(_shard.Remove(Samples.Key(i))));

        // A newcomer makes the one who has most give way.
        Assert.Equal(StoreResult.Stored, Put(100, 50));
        Assert.Equal((20, 1L), (_shard.Count, _shard.Turnover.Evicted));
    }

    [Fact]
    public void Who_loses_a_value_first_is_judged_by_the_new_quota()
    {
        // One has many keys, the other many bytes.
        for (var i = 0; i < 20; i++)
        {
            Put(i, 1);
        }

        _shard.Put(Samples.Key(50), new StoredValue(new string('x', 8_000), Samples.Now, Samples.Now.AddDays(1), Network(2)));
        var held = _shard.Count;
        Use(("totalKeys", held), ("totalBytes", 1L << 40), ("reservePercent", 0));
        Assert.Equal(StoreResult.Stored, Put(100, 3));
        Assert.True(_shard.TryFind(Samples.Key(50), out _));

        Use(("totalKeys", 1_000_000), ("totalBytes", _shard.Bytes), ("reservePercent", 0));
        Assert.Equal(StoreResult.Stored, Put(101, 4));
        Assert.False(_shard.TryFind(Samples.Key(50), out _));
    }

    private void Use(params (string Name, long Value)[] limits) => _shard.Accounts.Use(LimitBook.Apply(
        new LimitValues(new StoreQuota(), new SourceLimits(), new UploadLimits(), 1),
        limits.Select(limit => new LimitEntry(limit.Name, limit.Value, Samples.Now)),
        int.MaxValue).Quota);

    private StoreResult Put(int key, int source) => _shard.Put(Samples.Key(key), Value(source));

    private static StoredValue Value(int? source) =>
        new("value", Samples.Now, Samples.Now.AddDays(1), source is { } number ? Network(number) : SourceNetwork.Trusted);

    private static SourceNetwork Network(int number) => SourceNetwork.Of(UdpEndpoint.Parse($"198.51.{number}.1:1"));
}
