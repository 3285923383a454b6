using System.Globalization;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Limits;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Tests.Values;

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

    private void Use(params (string Name, long Value)[] limits) => _shard.Use(LimitBook.Apply(
        new LimitValues(new StoreQuota(), new SourceLimits(), new UploadLimits(), 1),
        limits.Select(limit => new LimitEntry(limit.Name, limit.Value, Now)),
        int.MaxValue).Quota);

    private StoreResult Put(int key, int source) => _shard.Put(Key(key), Value(source));

    private static NodeId Key(int key) => NodeId.FromKey(key.ToString(CultureInfo.InvariantCulture));

    private static StoredValue Value(int? source) => new("value", Now, Now.AddDays(1), source is { } number ? Network(number) : SourceNetwork.Trusted);

    private static SourceNetwork Network(int number) => SourceNetwork.Of(UdpEndpoint.Parse($"198.51.{number}.1:1"));
}
