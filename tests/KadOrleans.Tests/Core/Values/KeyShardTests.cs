namespace KadOrleans.Tests.Core;

public class KeyShardTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    internal static readonly StoreQuota Small = new()
    {
        TotalKeys = 12,
        TotalBytes = 12 * 160,
        KeysPerSource = 5,
        BytesPerSource = 5 * 150,
        KeysPerSubnet = 9,
        BytesPerSubnet = 9 * 155,
        ReservePercent = 25,
        ChangesPerSource = int.MaxValue,
        ChangesPerSubnet = int.MaxValue,
    };

    private static readonly ResponsibleArea Half = new(NodeId.FromKey("own"), 1);

    [Fact]
    public void A_shard_equals_a_simple_list_after_any_steps() => CompareWithAList(runs: 60);

    [Fact]
    [Trait("Tier", "Long")]
    public void A_shard_equals_a_simple_list_after_any_steps_of_many_runs() => CompareWithAList(runs: 1_000);

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
    public void A_copy_of_an_older_publication_does_not_replace_a_newer_value()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = NodeId.FromKey("key");
        var newer = Value(1, 2, Start, lifetimeSeconds: 100);
        shard.Put(key, newer);

        Assert.Equal(StoreResult.Outdated, shard.Put(key, Value(2, 1, Start, 99), PutKind.Copy));
        Assert.Equal(StoreResult.Outdated, shard.Put(key, Value(2, 1, Start, 100), PutKind.Copy));
        Assert.Same(newer, shard.Read(key)!);

        Assert.Equal(StoreResult.Stored, shard.Put(key, Value(2, 1, Start, 101), PutKind.Copy));
        Assert.Equal(StoreResult.Stored, shard.Put(key, newer));
        Assert.Same(newer, shard.Read(key)!);
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
        Assert.Same(held, shard.Read(key)!);

        var later = Value(1, 3, Start.AddSeconds(1), 5);
        Assert.Equal(StoreResult.Stored, shard.Put(key, later, PutKind.Import));
        Assert.Same(later, shard.Read(key)!);
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
        Assert.Equal(held, shorter.Held);
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
        Assert.Equal(Start, shard.Read(key)!.PublishedAt);

        shard.Put(key, Value(0, 3, Start.AddSeconds(3), 1000));
        Assert.Null(shard.Read(key)!.PublishedAt);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(2000)]
    public void What_a_client_published_is_replaced_by_no_stranger_and_no_copy_expired_or_not(int secondsLater)
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = NodeId.FromKey("key");
        var published = Value(0, 2, Start, lifetimeSeconds: 1000) with { PublishedAt = Start };
        shard.Put(key, published);
        var now = Start.AddSeconds(secondsLater);

        Assert.Equal(StoreResult.Outdated, shard.Put(key, Value(1, 3, now, 9000)));
        Assert.Equal(StoreResult.Outdated, shard.Put(key, Value(1, 3, now, 9000), PutKind.Copy));
        Assert.Equal(StoreResult.Outdated, shard.Put(key, Value(0, 3, now, 9000), PutKind.Copy));
        Assert.Same(published, shard.Read(key)!);
        Assert.Equal(StoreResult.Stored, shard.Put(key, Value(1, 2, now, 9000)));
        Assert.Equal(Start, shard.Read(key)!.PublishedAt);

        var next = Value(0, 3, now, 9000) with { PublishedAt = now };
        Assert.Equal(StoreResult.Stored, shard.Put(key, next));
        shard.Restore(key, next with { PublishedAt = null });
        Assert.Equal(StoreResult.Stored, shard.Put(key, Value(1, 4, now, 9000)));
    }

    [Fact]
    public void A_trusted_source_that_stores_a_strangers_value_takes_it_over_and_its_copies_do_not()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = NodeId.FromKey("key");
        shard.Put(key, Value(1, 2, Start, lifetimeSeconds: 1000));

        var copy = shard.Decide(key, Value(0, 2, Start, 1000), PutKind.Copy);
        Assert.Equal((false, false), (copy.Held!.Source.IsTrusted, copy.NeedsWrite));

        var decision = shard.Decide(key, Value(0, 2, Start, 1000));
        Assert.Equal((true, true), (decision.Held!.Source.IsTrusted, decision.NeedsWrite));
        shard.Put(key, Value(0, 2, Start, 1000));
        decision = shard.Decide(key, Value(1, 2, Start, 1000));
        Assert.Equal((true, false), (decision.Held!.Source.IsTrusted, decision.NeedsWrite));
    }

    [Fact]
    public void A_far_mark_is_kept_by_a_far_renewal_and_a_near_one_that_takes_it_away_is_written()
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        var key = NodeId.FromKey("key");
        var far = Value(0, 2, Start, lifetimeSeconds: 1000) with { IsFar = true };
        shard.Put(key, far);

        var decision = shard.Decide(key, far with { StoredAt = Start.AddSeconds(1) });
        Assert.Equal((true, false), (decision.Held!.IsFar, decision.NeedsWrite));
        decision = shard.Decide(key, far with { StoredAt = Start.AddSeconds(1), IsFar = false });
        Assert.Equal((false, true), (decision.Held!.IsFar, decision.NeedsWrite));

        shard.Put(key, far with { IsFar = false });
        decision = shard.Decide(key, far);
        Assert.Equal((false, false), (decision.Held!.IsFar, decision.NeedsWrite));
    }

    private static void CompareWithAList(int runs) => Randomized.ForSteps(runs, 200, steps =>
    {
        var shard = new KeyShard(Small);
        var model = new StoreModel(Small) { Area = steps is [var first, ..] && first % 4 == 0 ? ResponsibleArea.Everywhere : Half };
        shard.SetArea(model.Area);
        var now = Start;
        foreach (var step in steps)
        {
            now = now.AddSeconds(step / 7 % 3);
            Step(shard, model, step, now);
            AssertSame(shard, model, now);
        }
    });

    private static StoredValue Value(int source, int length, DateTimeOffset now, int lifetimeSeconds) => new(
        DhtValue.FromBytes(new byte[length]),
        now,
        now.AddSeconds(lifetimeSeconds),
        source == 0 ? SourceNetwork.Trusted : SourceNetwork.Of(UdpEndpoint.Parse($"203.0.{source / 2}.{source}:1")));

    private static void Step(KeyShard shard, StoreModel model, int step, DateTimeOffset now)
    {
        var key = NodeId.FromKey($"{step / 16 % 40}");
        var value = Value(step / 640 % 6, step / 3840 % 60, now, 1 + (step / 230_400 % 100));
        switch (step % 16)
        {
            case 0:
                Assert.Equal(model.Remove(key), shard.Remove(key));
                break;
            case 1:
                Assert.Equal(model.RemoveExpired(now), shard.RemoveExpired(now).Order());
                break;
            case 2:
                shard.Restore(key, value);
                model.Restore(key, value);
                break;
            default:
                var before = shard.Values.ToDictionary();
                var decision = shard.Decide(key, value);
                Assert.Equal(before, shard.Values.ToDictionary());
                var expected = model.Put(key, value);
                Assert.Equal(expected, shard.Put(key, value));
                Assert.Equal(expected, decision.Result);
                break;
        }
    }

    private static void AssertSame(KeyShard shard, StoreModel model, DateTimeOffset now)
    {
        Assert.Equal(model.Values.Count, shard.Count);
        Assert.Equal(model.Values.Sum(pair => (long)pair.Value.Footprint), shard.Bytes);
        foreach (var (key, value) in model.Values)
        {
            Assert.Equal(value, shard.Read(key)!);
            Assert.Equal(now < value.ExpiresAt, shard.TryGet(key, now, out _));
        }

        var totals = model.Values.Values.GroupBy(value => value.Source)
            .Select(group => new SourceTotals(group.Key, group.Count(), group.Sum(value => (long)value.Footprint))).ToList();
        var sources = shard.GetSources(2);
        var (survey, part) = (new SourceSurvey(shard.Accounts, 2), default(SourceRanking));
        while (part is null)
        {
            part = survey.Run(1);
        }

        Assert.Equal(sources.Sources, part.Sources);
        Assert.Equal((model.Values.Count, shard.Bytes), (sources.Keys, sources.Bytes));
        Assert.Equal(totals.Select(one => one.Keys).OrderDescending().Take(2), sources.Sources.Select(one => one.Keys).OrderDescending().Take(2));
        Assert.Equal(totals.Select(one => one.Bytes).OrderDescending().Take(2), sources.Sources.Select(one => one.Bytes).Take(2));
        Assert.Equal(totals, shard.CountSources([.. totals.Select(one => one.Source)]).Sources);
    }
}

// The rules of a full store over a plain list, summed up anew for each question. What came or was renewed last is last.
internal sealed class StoreModel(StoreQuota quota)
{
    private readonly List<Entry> _entries = [];

    public ResponsibleArea Area { get; set; }

    public Dictionary<NodeId, StoredValue> Values => _entries.ToDictionary(entry => entry.Key, entry => entry.Value);

    public bool Remove(NodeId key) => _entries.RemoveAll(entry => entry.Key == key) > 0;

    public IReadOnlyList<NodeId> RemoveExpired(DateTimeOffset now)
    {
        NodeId[] expired = [.. _entries.Where(entry => entry.Value.IsExpired(now)).Select(entry => entry.Key).Order()];
        _entries.RemoveAll(entry => expired.Contains(entry.Key));
        return expired;
    }

    public void Restore(NodeId key, StoredValue value)
    {
        Remove(key);
        _entries.Add(new Entry(key, value));
    }

    public StoreResult Put(NodeId key, StoredValue value)
    {
        var old = _entries.Find(entry => entry.Key == key)?.Value;
        if (old is not null && !old.IsExpired(value.StoredAt) && old.Value == value.Value)
        {
            Restore(key, Renewed(old, value));
            return StoreResult.Stored;
        }

        var all = _entries.Where(entry => entry.Key != key).ToList();
        var result = MakeRoom(all, new Entry(key, value));
        if (result == StoreResult.Stored)
        {
            _entries.Clear();
            _entries.AddRange(all);
            Restore(key, value);
        }

        return result;
    }

    private static StoredValue Renewed(StoredValue old, StoredValue value)
    {
        var longer = value.ExpiresAt - old.ExpiresAt;
        var isTakenOver = value.Source.IsTrusted && !old.Source.IsTrusted;
        var isLengthened = longer > StoreDecision.NegligibleLife && (value.Source.IsTrusted || !old.Source.IsTrusted);
        return old with
        {
            StoredAt = longer >= -StoreDecision.NegligibleLife ? value.StoredAt : old.StoredAt,
            ExpiresAt = isLengthened || (longer > TimeSpan.Zero && isTakenOver) ? value.ExpiresAt : old.ExpiresAt,
            Source = isTakenOver ? value.Source : old.Source,
        };
    }

    private StoreResult MakeRoom(List<Entry> all, Entry offered)
    {
        var source = offered.Value.Source;
        if (!source.IsTrusted)
        {
            Func<Entry, bool> ofSource = entry => entry.Value.Source == source;
            while (!Fits(all, offered, ofSource, quota.KeysPerSource, quota.BytesPerSource))
            {
                if (!EvictFirst(all, offered, all.Where(ofSource).Where(entry => IsFar(entry) && !IsFar(offered))))
                {
                    return StoreResult.SourceQuotaExceeded;
                }
            }

            Func<Entry, bool> ofSubnet = entry => entry.Value.Source.Subnet == source.Subnet && !entry.Value.Source.IsTrusted;
            while (!Fits(all, offered, ofSubnet, quota.KeysPerSubnet, quota.BytesPerSubnet))
            {
                if (!EvictFirst(all, offered, all.Where(ofSubnet)))
                {
                    return StoreResult.SubnetQuotaExceeded;
                }
            }

            var kept = 100 - quota.ReservePercent;
            while (IsFar(offered) && !Fits(all, offered, IsFar, quota.TotalKeys * kept / 100, quota.TotalBytes * kept / 100))
            {
                if (!EvictFirst(all, offered, all))
                {
                    return StoreResult.FarQuotaExceeded;
                }
            }
        }

        while (!Fits(all, offered, _ => true, quota.TotalKeys, quota.TotalBytes))
        {
            if (!EvictFirst(all, offered, all))
            {
                return StoreResult.TotalQuotaExceeded;
            }
        }

        return StoreResult.Stored;
    }

    private bool Fits(List<Entry> all, Entry offered, Func<Entry, bool> counts, long keys, long bytes)
    {
        var (newKeys, newBytes) = Sum(all.Append(offered).Where(entry => counts(entry) || entry == offered));
        var (oldKeys, oldBytes) = Sum(_entries.Where(counts));
        return (newKeys <= keys || newKeys < oldKeys) && (newBytes <= bytes || newBytes < oldBytes);
    }

    private bool EvictFirst(List<Entry> all, Entry offered, IEnumerable<Entry> candidates)
    {
        var first = candidates
            .Where(entry => !entry.Value.Source.IsTrusted)
            .OrderByDescending(IsFar)
            .ThenByDescending(entry => Weight(all, entry, SubnetOf))
            .ThenBy(entry => SubnetOf(entry).Low)
            .ThenByDescending(entry => Weight(all, entry, SourceOf))
            .ThenBy(entry => SourceOf(entry).Low)
            .ThenBy(all.IndexOf)
            .FirstOrDefault();
        return first is not null && MayEvict(all, offered, first) && all.Remove(first);
    }

    private bool MayEvict(List<Entry> all, Entry offered, Entry victim)
    {
        var isPreferred = IsFar(victim) && !IsFar(offered);
        if (offered.Value.Source.IsTrusted || (isPreferred && (SubnetOf(victim) == SubnetOf(offered) || IsWithinReserve(all, offered))))
        {
            return true;
        }

        if (!isPreferred && IsFar(victim) != IsFar(offered))
        {
            return false;
        }

        Func<Entry, SourceNetwork> network = SubnetOf(offered) == SubnetOf(victim) ? SourceOf : SubnetOf;
        return network(offered) != network(victim) && Weight([.. all, offered], offered, network) < Weight(all, victim, network);
    }

    private bool IsWithinReserve(List<Entry> all, Entry offered)
    {
        var (keys, bytes) = Sum(all.Append(offered)
            .Where(entry => !entry.Value.Source.IsTrusted && SubnetOf(entry) == SubnetOf(offered) && !IsFar(entry)));
        return keys <= quota.NearKeysPerSubnet && bytes <= quota.NearBytesPerSubnet;
    }

    private bool IsFar(Entry entry) => !entry.Value.Source.IsTrusted && !Area.Contains(entry.Key);

    private long Weight(List<Entry> all, Entry of, Func<Entry, SourceNetwork> network)
    {
        var (keys, bytes) = Sum(all.Where(entry => !entry.Value.Source.IsTrusted && network(entry) == network(of)));
        return Math.Max(keys * (quota.TotalBytes / quota.TotalKeys), bytes);
    }

    private static SourceNetwork SourceOf(Entry entry) => entry.Value.Source;

    private static SourceNetwork SubnetOf(Entry entry) => entry.Value.Source.Subnet;

    private static (int Keys, long Bytes) Sum(IEnumerable<Entry> entries)
    {
        var counted = entries.ToList();
        return (counted.Count, counted.Sum(entry => (long)entry.Value.Footprint));
    }

    private sealed record Entry(NodeId Key, StoredValue Value);
}
