using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;

namespace KadOrleans.Core.Tests.Values;

public class KeyShardTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    private static readonly StoreQuota Small = new()
    {
        TotalKeys = 12,
        TotalBytes = 12 * 160,
        KeysPerSource = 5,
        BytesPerSource = 5 * 150,
    };

    [Fact]
    public void It_does_what_a_list_with_sums_over_it_does() => Randomized.ForSteps(100, 200, steps =>
    {
        var shard = new KeyShard(Small);
        var model = new List<(NodeId Key, StoredValue Value)>();
        var now = Start;
        foreach (var step in steps)
        {
            now = now.AddSeconds(step / 7 % 3);
            Step(shard, model, step, now);
            AssertSame(shard, model, now);
        }
    });

    [Fact]
    public void A_value_is_gone_from_the_moment_it_expires()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = NodeId.FromKey("key");
        shard.Put(key, Value(1, 10, Start, lifetimeSeconds: 10));
        Assert.True(shard.TryGet(key, Start.AddSeconds(10).AddTicks(-1), out _));
        Assert.False(shard.TryGet(key, Start.AddSeconds(10), out var gone));
        Assert.Null(gone);
        Assert.Equal(1, shard.Count);
        Assert.Equal([key], shard.RemoveExpired(Start.AddSeconds(10)));
        Assert.Equal(0, shard.Count);
        Assert.Equal(0, shard.Bytes);
    }

    [Fact]
    public void Quotas_refuse_and_evict_nothing()
    {
        var shard = new KeyShard(Small);
        for (var i = 0; i < 5; i++)
        {
            Assert.Equal(StoreResult.Stored, shard.Put(NodeId.FromKey($"{i}"), Value(1, 0, Start, 10)));
        }

        Assert.Equal(StoreResult.SourceQuotaExceeded, shard.Put(NodeId.FromKey("more"), Value(1, 0, Start, 10)));
        Assert.Equal(StoreResult.Stored, shard.Put(NodeId.FromKey("0"), Value(1, 0, Start, 10)));
        Assert.Equal(StoreResult.Stored, shard.Put(NodeId.FromKey("more"), Value(2, 0, Start, 10)));
        Assert.Equal(6, shard.Count);
    }

    [Fact]
    public void Trusted_sources_have_no_share_but_the_total_holds()
    {
        var shard = new KeyShard(Small);
        for (var i = 0; i < Small.TotalKeys; i++)
        {
            Assert.Equal(StoreResult.Stored, shard.Put(NodeId.FromKey($"{i}"), Value(0, 0, Start, 10)));
        }

        Assert.Equal(StoreResult.TotalQuotaExceeded, shard.Put(NodeId.FromKey("more"), Value(0, 0, Start, 10)));
    }

    [Fact]
    public void A_copy_of_an_older_publication_does_not_replace_a_newer_value()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = NodeId.FromKey("key");
        var newer = Value(1, 2, Start, lifetimeSeconds: 100);
        shard.Put(key, newer);

        Assert.Equal(StoreResult.Outdated, shard.Put(key, Value(2, 1, Start, 99), PutKind.Copy));
        Assert.Equal(StoreResult.Outdated, shard.Put(key, Value(2, 1, Start, 100), PutKind.Copy));
        Assert.Same(newer, shard.Values[key]);

        Assert.Equal(StoreResult.Stored, shard.Put(key, Value(2, 1, Start, 101), PutKind.Copy));
        Assert.Equal(StoreResult.Stored, shard.Put(key, newer));
        Assert.Same(newer, shard.Values[key]);
    }

    [Fact]
    public void A_copy_replaces_what_is_expired_and_one_whose_own_life_is_over_is_refused()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = NodeId.FromKey("key");
        shard.Put(key, Value(1, 2, Start, lifetimeSeconds: 10));

        Assert.Equal(StoreResult.Stored, shard.Put(key, Value(1, 1, Start.AddSeconds(10), 5), PutKind.Copy));
        Assert.Equal(StoreResult.Outdated, shard.Put(NodeId.FromKey("other"), Value(1, 1, Start, 0), PutKind.Copy));
        Assert.Equal(1, shard.Count);
    }

    [Fact]
    public void An_import_replaces_what_was_stored_earlier_and_nothing_that_was_stored_later()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = NodeId.FromKey("key");
        var held = Value(1, 2, Start, lifetimeSeconds: 10);
        shard.Put(key, held);

        Assert.Equal(StoreResult.Outdated, shard.Put(key, Value(1, 1, Start.AddSeconds(-1), 1000), PutKind.Import));
        Assert.Equal(StoreResult.Outdated, shard.Put(key, held with { StoredAt = Start.AddSeconds(-1) }, PutKind.Import));
        Assert.Same(held, shard.Values[key]);

        var later = Value(1, 3, Start.AddSeconds(1), 5);
        Assert.Equal(StoreResult.Stored, shard.Put(key, later, PutKind.Import));
        Assert.Same(later, shard.Values[key]);
    }

    [Theory]
    [InlineData(PutKind.Publication)]
    [InlineData(PutKind.Copy)]
    [InlineData(PutKind.Import)]
    public void What_is_held_is_never_shortened_and_written_again_only_for_more_than_a_minute_of_life(PutKind kind)
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = NodeId.FromKey("key");
        var held = Value(1, 2, Start, lifetimeSeconds: 1000);
        shard.Put(key, held);

        var shorter = shard.Decide(key, Value(2, 2, Start.AddSeconds(10), 100), kind);
        Assert.Equal((StoreResult.Stored, false), (shorter.Result, shorter.NeedsWrite));
        Assert.Equal(held with { StoredAt = Start.AddSeconds(10) }, shorter.Held);
        Assert.False(shard.Decide(key, Value(2, 2, Start.AddSeconds(60), 1000), kind).NeedsWrite);

        var longer = shard.Decide(key, Value(2, 2, Start.AddSeconds(61), 1000), kind);
        Assert.True(longer.NeedsWrite);
        Assert.Equal(held with { StoredAt = Start.AddSeconds(61), ExpiresAt = Start.AddSeconds(1061) }, longer.Held);
    }

    [Fact]
    public void A_mark_of_publication_is_written_is_kept_by_the_same_value_and_goes_with_another()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = NodeId.FromKey("key");
        var value = Value(0, 2, Start, lifetimeSeconds: 1000);
        shard.Put(key, value);

        Assert.True(shard.Decide(key, value with { PublishedAt = Start }).NeedsWrite);
        shard.Put(key, value with { PublishedAt = Start });
        shard.Put(key, Value(1, 2, Start.AddSeconds(1), 10), PutKind.Copy);
        shard.Put(key, Value(1, 2, Start.AddSeconds(2), 2000));
        Assert.Equal(Start, shard.Values[key].PublishedAt);

        shard.Put(key, Value(1, 3, Start.AddSeconds(3), 1000));
        Assert.Null(shard.Values[key].PublishedAt);
    }

    private static StoredValue Value(int source, int length, DateTimeOffset now, int lifetimeSeconds) => new(
        DhtValue.FromBytes(new byte[length]),
        now,
        now.AddSeconds(lifetimeSeconds),
        source == 0 ? SourceNetwork.Trusted : new SourceNetwork(0, (ulong)source));

    private static void Step(KeyShard shard, List<(NodeId Key, StoredValue Value)> model, int step, DateTimeOffset now)
    {
        var key = NodeId.FromKey($"{step / 16 % 20}");
        var value = Value(step / 320 % 4, step / 1280 % 60, now, 1 + (step / 76_800 % 100));
        switch (step % 16)
        {
            case 0:
                Assert.Equal(model.RemoveAll(pair => pair.Key == key) > 0, shard.Remove(key));
                break;
            case 1:
                var expired = model.Where(pair => now >= pair.Value.ExpiresAt).Select(pair => pair.Key).Order().ToList();
                Assert.Equal(expired, shard.RemoveExpired(now).Order());
                model.RemoveAll(pair => expired.Contains(pair.Key));
                break;
            case 2:
                shard.Restore(key, value);
                Replace(model, key, value);
                break;
            default:
                var expected = Judge(model, key, value);
                Assert.Equal(expected, shard.CheckPut(key, value));
                Assert.Equal(expected, shard.Put(key, value));
                if (expected == StoreResult.Stored)
                {
                    Replace(model, key, After(model, key, value));
                }

                break;
        }
    }

    /// <summary>What is alive and stored again stays as it is, with the later times.</summary>
    private static StoredValue After(List<(NodeId Key, StoredValue Value)> model, NodeId key, StoredValue value)
    {
        if (!IsHeld(model, key, value))
        {
            return value;
        }

        var old = model.Single(pair => pair.Key == key).Value;
        var isLonger = value.ExpiresAt > old.ExpiresAt + KeyShard.NegligibleLife;
        return old with { StoredAt = value.StoredAt, ExpiresAt = isLonger ? value.ExpiresAt : old.ExpiresAt };
    }

    private static bool IsHeld(List<(NodeId Key, StoredValue Value)> model, NodeId key, StoredValue value) =>
        model.Any(pair => pair.Key == key && pair.Value.Value == value.Value && pair.Value.ExpiresAt > value.StoredAt);

    private static StoreResult Judge(List<(NodeId Key, StoredValue Value)> model, NodeId key, StoredValue value)
    {
        if (IsHeld(model, key, value))
        {
            return StoreResult.Stored;
        }

        var after = model.Where(pair => pair.Key != key).Select(pair => pair.Value).Append(value).ToList();
        var own = after.Where(other => other.Source == value.Source).ToList();
        if (after.Count > Small.TotalKeys || after.Sum(other => other.Footprint) > Small.TotalBytes)
        {
            return StoreResult.TotalQuotaExceeded;
        }

        return !value.Source.IsTrusted
            && (own.Count > Small.KeysPerSource || own.Sum(other => other.Footprint) > Small.BytesPerSource)
            ? StoreResult.SourceQuotaExceeded
            : StoreResult.Stored;
    }

    private static void Replace(List<(NodeId Key, StoredValue Value)> model, NodeId key, StoredValue value)
    {
        model.RemoveAll(pair => pair.Key == key);
        model.Add((key, value));
    }

    private static void AssertSame(KeyShard shard, List<(NodeId Key, StoredValue Value)> model, DateTimeOffset now)
    {
        Assert.Equal(model.Count, shard.Count);
        Assert.Equal(model.Sum(pair => (long)pair.Value.Footprint), shard.Bytes);
        foreach (var (key, value) in model)
        {
            Assert.Equal(value, shard.Values[key]);
            Assert.Equal(now < value.ExpiresAt, shard.TryGet(key, now, out _));
        }
    }
}
