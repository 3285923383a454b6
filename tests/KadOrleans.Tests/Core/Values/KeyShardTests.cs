using KadOrleans.Core.Items;

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
        KeysPerOwner = 3,
        BytesPerOwner = 3 * 290,
        ReservePercent = 25,
        ChangesPerSource = int.MaxValue,
        ChangesPerSubnet = int.MaxValue,
    };

    private static readonly NodeId Key = NodeId.FromKey("key");

    private static readonly ResponsibleArea[] Areas =
        [ResponsibleArea.Everywhere, .. Enumerable.Range(1, 3).Select(bits => new ResponsibleArea(NodeId.FromKey("own"), bits))];

    private readonly KeyShard _shard = new(StoreQuota.Unlimited);

    [Fact]
    public void A_shard_equals_a_simple_list_after_any_steps() => CompareWithAList(runs: 60);

    [Fact]
    [Trait("Tier", "Long")]
    public void A_shard_equals_a_simple_list_after_any_steps_of_many_runs() => CompareWithAList(runs: 1_000);

    [Fact]
    public void A_copy_of_an_older_publication_does_not_replace_a_newer_value()
    {
        var newer = Value(1, 2, Start, lifetimeSeconds: 100);
        _shard.Put(Key, newer);

        Assert.Equal(StoreResult.Outdated, _shard.Put(Key, Value(2, 1, Start, 99), PutKind.Copy));
        Assert.Equal(StoreResult.Outdated, _shard.Put(Key, Value(2, 1, Start, 100), PutKind.Copy));
        Assert.Equal(newer, _shard.Read(Key)!);

        Assert.Equal(StoreResult.Stored, _shard.Put(Key, Value(2, 1, Start, 101), PutKind.Copy));
        Assert.Equal(StoreResult.Stored, _shard.Put(Key, newer));
        Assert.Equal(newer, _shard.Read(Key)!);
    }

    [Fact]
    public void A_copy_replaces_what_is_expired_and_one_whose_own_life_is_over_is_refused()
    {
        _shard.Put(Key, Value(1, 2, Start, lifetimeSeconds: 10));

        Assert.Equal(StoreResult.Stored, _shard.Put(Key, Value(1, 1, Start.AddSeconds(10), 5), PutKind.Copy));
        Assert.Equal(StoreResult.Outdated, _shard.Put(NodeId.FromKey("other"), Value(1, 1, Start, 0), PutKind.Copy));
        Assert.Equal(1, _shard.Count);
    }

    [Fact]
    public void An_import_replaces_what_was_stored_earlier_and_nothing_that_was_stored_later()
    {
        var held = Value(1, 2, Start, lifetimeSeconds: 10);
        _shard.Put(Key, held);

        Assert.Equal(StoreResult.Outdated, _shard.Put(Key, Value(1, 1, Start.AddSeconds(-1), 1000), PutKind.Import));
        Assert.Equal(StoreResult.Outdated, _shard.Put(Key, held with { StoredAt = Start.AddSeconds(-1) }, PutKind.Import));
        Assert.Equal(held, _shard.Read(Key)!);

        var later = Value(1, 3, Start.AddSeconds(1), 5);
        Assert.Equal(StoreResult.Stored, _shard.Put(Key, later, PutKind.Import));
        Assert.Equal(later, _shard.Read(Key)!);
    }

    [Theory]
    [InlineData(PutKind.Publication)]
    [InlineData(PutKind.Copy)]
    [InlineData(PutKind.Import)]
    public void What_is_held_is_never_shortened_and_written_again_only_for_more_than_a_minute_of_life(PutKind kind)
    {
        var held = Value(1, 2, Start, lifetimeSeconds: 1000);
        _shard.Put(Key, held);

        var shorter = _shard.Decide(Key, Value(2, 2, Start.AddSeconds(10), 100), kind);
        Assert.Equal((StoreResult.Stored, false), (shorter.Result, shorter.NeedsWrite));
        Assert.Equal(held, shorter.Held);
        Assert.False(_shard.Decide(Key, Value(2, 2, Start.AddSeconds(60), 1000), kind).NeedsWrite);

        var longer = _shard.Decide(Key, Value(2, 2, Start.AddSeconds(61), 1000), kind);
        Assert.True(longer.NeedsWrite);
        Assert.Equal(held with { StoredAt = Start.AddSeconds(61), ExpiresAt = Start.AddSeconds(1061) }, longer.Held);
    }

    [Fact]
    public void A_mark_of_publication_is_written_is_kept_by_the_same_value_and_goes_with_another()
    {
        var value = Value(0, 2, Start, lifetimeSeconds: 1000);
        _shard.Put(Key, value);

        Assert.True(_shard.Decide(Key, value with { PublishedAt = Start }).NeedsWrite);
        _shard.Put(Key, value with { PublishedAt = Start });
        _shard.Put(Key, Value(1, 2, Start.AddSeconds(1), 10), PutKind.Copy);
        _shard.Put(Key, Value(1, 2, Start.AddSeconds(2), 2000));
        Assert.Equal(Start, _shard.Read(Key)!.PublishedAt);

        // Trust alone does not end a publication, nor does a STORE of an earlier value that comes late.
        var next = Value(0, 3, Start.AddSeconds(3), 1000);
        var late = StoreDecision.LatestStore - TimeSpan.FromMilliseconds(1);
        Assert.Equal(StoreResult.Outdated, _shard.Put(Key, next with { StoredAt = Start.AddDays(1), ExpiresAt = Start.AddDays(2) }));
        Assert.Equal(StoreResult.Outdated, _shard.Put(Key, next with { StoredAt = Start + late, IsAuthored = true }));
        Assert.Equal(StoreResult.Stored, _shard.Put(Key, next with { StoredAt = Start + StoreDecision.LatestStore, IsAuthored = true }));
        Assert.Null(_shard.Read(Key)!.PublishedAt);
    }

    [Theory]
    [InlineData(10)]
    [InlineData(2000)]
    public void What_a_client_published_is_replaced_by_no_stranger_and_no_copy_expired_or_not(int secondsLater)
    {
        var published = Value(0, 2, Start, lifetimeSeconds: 1000) with { PublishedAt = Start };
        _shard.Put(Key, published);
        var now = Start.AddSeconds(secondsLater);

        Assert.Equal(StoreResult.Outdated, _shard.Put(Key, Value(1, 3, now, 9000)));
        Assert.Equal(StoreResult.Outdated, _shard.Put(Key, Value(1, 3, now, 9000), PutKind.Copy));
        Assert.Equal(StoreResult.Outdated, _shard.Put(Key, Value(0, 3, now, 9000), PutKind.Copy));
        Assert.Equal(published, _shard.Read(Key)!);
        Assert.Equal(StoreResult.Stored, _shard.Put(Key, Value(1, 2, now, 9000)));
        Assert.Equal(Start, _shard.Read(Key)!.PublishedAt);

        var next = Value(0, 3, now, 9000) with { PublishedAt = now };
        Assert.Equal(StoreResult.Stored, _shard.Put(Key, next));
        _shard.Restore(Key, next with { PublishedAt = null });
        Assert.Equal(StoreResult.Stored, _shard.Put(Key, Value(1, 4, now, 9000)));
    }

    [Fact]
    public void A_trusted_source_that_stores_a_strangers_value_takes_it_over_and_its_copies_do_not()
    {
        _shard.Put(Key, Value(1, 2, Start, lifetimeSeconds: 1000));

        var copy = _shard.Decide(Key, Value(0, 2, Start, 1000), PutKind.Copy);
        Assert.Equal((false, false), (copy.Held!.Source.IsTrusted, copy.NeedsWrite));

        var decision = _shard.Decide(Key, Value(0, 2, Start, 1000));
        Assert.Equal((true, true), (decision.Held!.Source.IsTrusted, decision.NeedsWrite));
        _shard.Put(Key, Value(0, 2, Start, 1000));
        decision = _shard.Decide(Key, Value(1, 2, Start, 1000));
        Assert.Equal((true, false), (decision.Held!.Source.IsTrusted, decision.NeedsWrite));
    }

    [Fact]
    public void A_far_mark_is_kept_by_a_far_renewal_and_a_near_one_that_takes_it_away_is_written()
    {
        var far = Value(0, 2, Start, lifetimeSeconds: 1000) with { IsFar = true };
        _shard.Put(Key, far);

        var decision = _shard.Decide(Key, far with { StoredAt = Start.AddSeconds(1) });
        Assert.Equal((true, false), (decision.Held!.IsFar, decision.NeedsWrite));
        decision = _shard.Decide(Key, far with { StoredAt = Start.AddSeconds(1), IsFar = false });
        Assert.Equal((false, true), (decision.Held!.IsFar, decision.NeedsWrite));

        _shard.Put(Key, far with { IsFar = false });
        decision = _shard.Decide(Key, far);
        Assert.Equal((false, false), (decision.Held!.IsFar, decision.NeedsWrite));
    }

    [Fact]
    public void Others_lengthen_a_life_only_as_often_as_they_may_change_values()
    {
        var shard = new KeyShard(StoreQuota.Unlimited with { ChangesPerSource = 5 });
        var keys = Enumerable.Range(0, 20).Select(Samples.Key).ToList();
        keys.ForEach(key => shard.Put(key, Value(1, 2, Start, 3_600), PutKind.Copy));

        var renewals = keys.ConvertAll(key => shard.Put(key, Value(2, 2, Start, 86_400)));

        Assert.Equal(keys.Select((_, i) => i < 5 ? StoreResult.Stored : StoreResult.ChangeLimitExceeded), renewals);
        var next = Value(1, 3, Start, 7_200);
        foreach (var (i, key) in keys.Index())
        {
            Assert.Equal(i < 5 ? StoreResult.Outdated : StoreResult.Stored, shard.Put(key, next, PutKind.Copy));
            Assert.Equal(StoreResult.Stored, shard.Put(key, next, PutKind.WithLife));
            Assert.Equal(next, shard.Read(key));
        }
    }

    [Fact]
    public void A_set_with_a_life_replaces_what_a_stranger_stored_and_no_life_of_a_trusted_source()
    {
        var (set, squat) = (Value(1, 3, Start, 3_600), Value(2, 1, Start, 86_400));
        var (ownKey, own) = (Samples.Key(1), Value(0, 2, Start, 86_400));
        _shard.Put(Key, squat);
        _shard.Put(ownKey, own);

        Assert.Equal(StoreResult.Outdated, _shard.Put(Key, set, PutKind.Copy));
        Assert.Equal(StoreResult.Stored, _shard.Put(Key, set, PutKind.WithLife));
        Assert.Equal(set, _shard.Read(Key));
        Assert.Equal(StoreResult.Outdated, _shard.Put(ownKey, set with { Source = SourceNetwork.Trusted }, PutKind.WithLife));

        // Nor does a stranger lengthen that.
        _shard.Put(ownKey, own with { Source = squat.Source, ExpiresAt = own.ExpiresAt.AddDays(1) }, PutKind.Copy);
        Assert.Equal(own, _shard.Read(ownKey));

        // Its own life it may shorten; nobody else may.
        var shorter = set with { ExpiresAt = Start.AddMinutes(10) };
        _shard.Put(Key, shorter with { Source = squat.Source }, PutKind.WithLife);
        Assert.Equal(set, _shard.Read(Key));
        _shard.Put(Key, shorter, PutKind.WithLife);
        Assert.Equal(shorter, _shard.Read(Key));
    }

    [Fact]
    public void Others_renew_a_full_life_as_often_as_they_like()
    {
        var shard = new KeyShard(StoreQuota.Unlimited with { ChangesPerSource = 1 });
        var (value, renewed) = (Value(1, 2, Start, 86_400), Value(2, 2, Start.AddHours(10), 86_400));
        foreach (var key in Enumerable.Range(0, 10).Select(Samples.Key))
        {
            shard.Put(key, value);
            Assert.Equal(StoreResult.Stored, shard.Put(key, renewed));
            Assert.Equal(renewed with { Source = value.Source }, shard.Read(key));
        }
    }

    [Fact]
    public void A_former_source_gets_its_values_back_whatever_it_and_its_neighbours_changed()
    {
        var shard = new KeyShard(StoreQuota.Unlimited with { ChangesPerSource = 5, ChangesPerSubnet = 5 });
        var value = Of("203.0.113.5", 1);
        Assert.All(Enumerable.Range(0, 10), i => Assert.Equal(StoreResult.Stored, shard.Put(Samples.Key(i), value)));
        Assert.All(
            Enumerable.Range(0, 10),
            i => Assert.Equal(StoreResult.Stored, shard.Put(Samples.Key(i), Of($"192.1.{i / 5}.1", 2))));
        for (var i = 100; i < 106; i++)
        {
            shard.Put(Samples.Key(i), Of("198.51.100.1", 3));
            var expected = i < 105 ? StoreResult.Stored : StoreResult.ChangeLimitExceeded;
            Assert.Equal(expected, shard.Put(Samples.Key(i), Of("203.0.113.6", 2)));
        }

        Assert.All(Enumerable.Range(0, 10), i => Assert.Equal(StoreResult.Stored, shard.Put(Samples.Key(i), value)));
        Assert.All(Enumerable.Range(0, 10), i => Assert.Equal(value, shard.Read(Samples.Key(i))));

        // Who took them has to pay again.
        Assert.Equal(StoreResult.ChangeLimitExceeded, shard.Put(Samples.Key(0), Of("192.1.0.1", 2)));

        static StoredValue Of(string address, int length) => Value(0, length, Start, 86_400) with
        {
            Source = SourceNetwork.Of(UdpEndpoint.Parse($"{address}:1")),
        };
    }

    private static void CompareWithAList(int runs) => Randomized.ForSteps(runs, 200, steps =>
    {
        var shard = new KeyShard(Small);
        var model = new StoreModel(Small);
        var now = Start;
        foreach (var step in steps)
        {
            now = now.AddSeconds(step / 7 % 3);
            Step(shard, model, step, now);
            AssertSame(shard, model, now);
        }
    });

    internal static StoredValue Value(int source, int length, DateTimeOffset now, int lifetimeSeconds) => new(
        DhtValue.FromBytes(new byte[length]),
        now,
        now.AddSeconds(lifetimeSeconds),
        source == 0 ? SourceNetwork.Trusted : SourceNetwork.Of(UdpEndpoint.Parse($"203.0.{source / 2}.{source}:1")));

    private static void Step(KeyShard shard, StoreModel model, int step, DateTimeOffset now)
    {
        var (number, seq) = (step / 16 % 40, step / 3840 % 60);
        var key = NodeId.FromKey($"{number}");
        var value = Value(step / 640 % 6, seq * (step % 7 == 0 ? 12 : 1), now, 1 + (step / 230_400 % 100));
        PutTerms terms = default;
        if (number >= 40 - OwnedItems.Keys)
        {
            number -= 40 - OwnedItems.Keys;
            (key, value, terms) = (OwnedItems.KeyOf(number), value with { Value = OwnedItems.ValueOf(number, seq) }, OwnedItems.TermsOf(number, seq));
        }

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
            case 3:
                model.Area = Areas[step / 16 % Areas.Length];
                shard.SetArea(model.Area);
                break;
            default:
                var before = shard.Values.ToDictionary();
                var decision = shard.Decide(key, value, terms);
                Assert.Equal(decision.Result, shard.FindRefusal(key, value, terms) ?? StoreResult.Stored);
                Assert.Equal(before, shard.Values.ToDictionary());
                var (expected, evicted) = (model.Put(key, value), shard.Turnover.Evicted);
                Assert.Equal((expected, expected), (shard.Put(key, value, terms), decision.Result));
                Assert.Equal(before.Keys.Except(model.Values.Keys).Count(), shard.Turnover.Evicted - evicted);
                break;
        }
    }

    private static void AssertSame(KeyShard shard, StoreModel model, DateTimeOffset now)
    {
        Assert.Equal((model.Values.Count, model.Values.Sum(pair => (long)pair.Value.Footprint)), (shard.Count, shard.Bytes));
        Assert.All(model.Values, held =>
        {
            Assert.Equal(held.Value, shard.Read(held.Key)!);
            Assert.Equal(now < held.Value.ExpiresAt, shard.TryGet(held.Key, now, out _));
        });

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
        OwnedItems.AssertCounted(shard.Accounts, model.Values);
    }
}

// The rules of a full store over a plain list, summed up anew for each question. What came or was renewed last is last.
internal sealed class StoreModel(StoreQuota quota)
{
    private readonly List<Entry> _entries = [];

    public ResponsibleArea Area
    {
        get;
        set
        {
            // What becomes near or far comes last among those that are.
            var moved = _entries.Where(entry => field.Contains(entry.Key) != value.Contains(entry.Key)).ToList();
            _entries.RemoveAll(moved.Contains);
            _entries.AddRange(moved);
            field = value;
        }
    } = ResponsibleArea.Everywhere;

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
        var isAlive = old is not null && !old.IsExpired(value.StoredAt);
        if (isAlive && old!.Value == value.Value)
        {
            Restore(key, SignedItems.SeqOf(value.Value) is null ? Renewed(old, value) : RenewedItem(old, value));
            return StoreResult.Stored;
        }

        if (isAlive && SignedItems.SeqOf(value.Value) is { } seq)
        {
            if (seq < SignedItems.SeqOf(old!.Value))
            {
                return StoreResult.OlderItem;
            }

            value = value with { ExpiresAt = old.ExpiresAt > value.ExpiresAt ? old.ExpiresAt : value.ExpiresAt };
        }

        var all = _entries.Where(entry => entry.Key != key).ToList();
        var isNext = isAlive && SignedItems.SeqOf(old!.Value) is not null;
        var result = MakeRoom(all, new Entry(key, value), isNext);
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

    private static StoredValue RenewedItem(StoredValue old, StoredValue value)
    {
        var longer = value.ExpiresAt - old.ExpiresAt;
        var isTakenOver = value.Source.IsTrusted && !old.Source.IsTrusted;
        return old with
        {
            StoredAt = longer >= -StoreDecision.NegligibleLife ? value.StoredAt : old.StoredAt,
            ExpiresAt = longer > StoreDecision.NegligibleLife || (longer > TimeSpan.Zero && isTakenOver) ? value.ExpiresAt : old.ExpiresAt,
            Source = isTakenOver ? value.Source : old.Source,
        };
    }

    private StoreResult MakeRoom(List<Entry> all, Entry offered, bool isNext)
    {
        var (source, owner) = (offered.Value.Source, OwnerOf(offered));
        var kept = 100 - quota.ReservePercent;
        var (farKeys, farBytes) = (quota.TotalKeys * kept / 100, quota.TotalBytes * kept / 100);
        Bound[] bounds =
        [
            new(
                entry => !isNext && owner is not null && OwnerOf(entry) == owner && IsFar(entry) == IsFar(offered),
                quota.KeysPerOwner,
                quota.BytesPerOwner,
                StoreResult.OwnerQuotaExceeded),
            new(entry => IsOf(entry, source), quota.KeysPerSource, quota.BytesPerSource, StoreResult.SourceQuotaExceeded),
            new(entry => IsOf(entry, source.Subnet), quota.KeysPerSubnet, quota.BytesPerSubnet, StoreResult.SubnetQuotaExceeded),
            new(IsFar, farKeys, farBytes, StoreResult.FarQuotaExceeded),
            new(_ => true, quota.TotalKeys, quota.TotalBytes, StoreResult.TotalQuotaExceeded),
        ];
        foreach (var bound in bounds.Where(bound => bound.Counts(offered)))
        {
            while (!Fits(all, offered, bound))
            {
                var candidates = bound.Refusal switch
                {
                    StoreResult.OwnerQuotaExceeded => [],
                    StoreResult.SourceQuotaExceeded => all.Where(entry => bound.Counts(entry) && IsFar(entry) && !IsFar(offered)),
                    StoreResult.SubnetQuotaExceeded => all.Where(bound.Counts),
                    _ => all,
                };
                if (!EvictFirst(all, offered, candidates))
                {
                    return bound.Refusal;
                }
            }
        }

        return StoreResult.Stored;

        static bool IsOf(Entry entry, SourceNetwork network) =>
            !entry.Value.Source.IsTrusted && (entry.Value.Source == network || entry.Value.Source.Subnet == network);
    }

    private bool Fits(List<Entry> all, Entry offered, Bound bound)
    {
        var (newKeys, newBytes) = Sum(all.Append(offered).Where(bound.Counts));
        var (oldKeys, oldBytes) = Sum(_entries.Where(bound.Counts));

        // An owner's items make no room, so it is no matter what he had.
        var mayShrink = bound.Refusal != StoreResult.OwnerQuotaExceeded;
        return (newKeys <= bound.Keys || (mayShrink && newKeys < oldKeys)) && (newBytes <= bound.Bytes || (mayShrink && newBytes < oldBytes));
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

    // As text, by the item's own fields.
    private static string? OwnerOf(Entry entry) =>
        !entry.Value.Source.IsTrusted && ItemEnvelope.Find(entry.Value.Value) is { IsMutable: true } item
            ? Convert.ToHexString(item.PublicKey.Span)
            : null;

    private static SourceNetwork SourceOf(Entry entry) => entry.Value.Source;

    private static SourceNetwork SubnetOf(Entry entry) => entry.Value.Source.Subnet;

    private static (int Keys, long Bytes) Sum(IEnumerable<Entry> entries)
    {
        var counted = entries.ToList();
        return (counted.Count, counted.Sum(entry => (long)entry.Value.Footprint));
    }

    private sealed record Entry(NodeId Key, StoredValue Value);

    private sealed record Bound(Func<Entry, bool> Counts, long Keys, long Bytes, StoreResult Refusal);
}
