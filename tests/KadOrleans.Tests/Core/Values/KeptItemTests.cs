using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Core;

/// <summary>What a store makes of items that are kept for their owners (ADR 46).</summary>
public sealed class KeptItemTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly TimeSpan Week = TimeSpan.FromDays(7);
    private static readonly NodeId Key = SignedItems.Key();
    private static readonly SourceNetwork Alice = StoredValues.Alice;
    private static readonly SourceNetwork[] Sources = [SourceNetwork.Trusted, Alice, Alice.WithProof(true), StoredValues.Bob];
    private static readonly PutKind[] Kinds = [PutKind.Publication, PutKind.Copy, PutKind.WithLife, PutKind.Import];
    private static readonly Item[] Items = [.. Enumerable.Range(0, 12).Select(seq => SignedItems.Sign(seq, seq % 5 == 4 ? "0:" : $"i{seq}e"))];
    private static readonly CheckedItem[] Checked = [.. Items.Select(SignedItems.Check)];
    private static readonly DhtValue[] Values = [.. Items.Select(item => item.ToValue())];

    private readonly KeyShard _shard = new(new StoreQuota { KeptKeys = 2 });

    private StoredValue Held => _shard.Read(Key)!;

    [Fact]
    public void A_kept_item_is_neither_evicted_nor_expired_until_its_keeper_lets_it_go()
    {
        var shard = new KeyShard(new StoreQuota { TotalKeys = 2, ReservePercent = 0 });
        Assert.Equal(StoreResult.Stored, Keep(shard, 3, Start.AddDays(30)));
        for (var i = 0; i < 5; i++)
        {
            var mine = StoredValues.Text("mine") with { StoredAt = Start, ExpiresAt = Start + Week };
            shard.Put(StoredValues.Key(i), mine with { Source = Sources[i % 4] });
        }

        Assert.Equal((2, 1), (shard.Count, shard.Accounts.KeptKeys));
        var late = Start.AddDays(40);
        Assert.Single(shard.RemoveExpired(late));
        Assert.True(shard.TryGet(Key, late, out var held));
        Assert.Equal((Values[3], Start.AddDays(30), TimeSpan.Zero), (held.Value, held.KeptUntil, held.LifeLeft(late)));
        Assert.Equal(StoreResult.OlderItem, shard.Put(Key, Value(2, Alice, Week, late), Terms(2)));

        Assert.Equal(StoreResult.Stored, Release(shard, held));
        Assert.Equal((null, 0), (shard.Read(Key)!.KeptUntil, shard.Accounts.KeptKeys));
        Assert.Equal([Key], shard.RemoveExpired(late));
    }

    [Fact]
    public void The_owners_newer_item_takes_its_place_whoever_sends_it_and_an_end_too()
    {
        Keep(_shard, 3, Start.AddDays(30));
        Assert.Equal(StoreResult.Stored, _shard.Put(Key, Value(4, Alice, TimeSpan.FromMinutes(1)), Terms(4, PutKind.Copy)));

        Assert.True(Items[4].IsEnd);
        Assert.Equal((Values[4], Start.AddDays(30), SourceNetwork.Trusted), (Held.Value, Held.KeptUntil, Held.Source));
        foreach (var kind in Kinds)
        {
            Assert.Equal(StoreResult.OlderItem, _shard.Put(Key, Value(3, SourceNetwork.Trusted, 100 * Week), Terms(3, kind)));
            Assert.Equal(StoreResult.OlderItem, Keep(_shard, 3, Start.AddDays(60), kind));
            Assert.Equal(StoreResult.NotOwner, _shard.Put(Key, StoredValues.Text("lie", SourceNetwork.Trusted) with { StoredAt = Start }, kind));
        }

        Assert.Equal((Values[4], Start.AddDays(30)), (Held.Value, Held.KeptUntil));
    }

    [Fact]
    public void Keeping_it_again_changes_the_time_and_nothing_else_does()
    {
        Keep(_shard, 3, Start.AddDays(30));
        foreach (var (kind, source) in Kinds.SelectMany(kind => Sources.Select(source => (kind, source))))
        {
            Assert.Equal(StoreResult.Stored, _shard.Put(Key, Value(3, source, 1_000 * Week), Terms(3, kind)));
            Assert.Equal(StoreResult.Stored, _shard.Put(Key, Value(3, source, TimeSpan.FromSeconds(1)), Terms(3, kind)));
        }

        Assert.Equal((Start.AddDays(30), SourceNetwork.Trusted), (Held.KeptUntil, Held.Source));
        Keep(_shard, 3, Start.AddDays(10));
        Assert.Equal(Start.AddDays(10), Held.KeptUntil);
        Keep(_shard, 5, Start.AddDays(40));
        Assert.Equal((Values[5], Start.AddDays(40)), (Held.Value, Held.KeptUntil));
    }

    [Fact]
    public void An_import_keeps_it_until_the_later_of_both_times()
    {
        Keep(_shard, 3, Start.AddDays(30), PutKind.Import);
        Keep(_shard, 3, Start.AddDays(10), PutKind.Import);
        Assert.Equal(Start.AddDays(30), Held.KeptUntil);
        Keep(_shard, 3, Start.AddDays(40), PutKind.Import);
        Assert.Equal(Start.AddDays(40), Held.KeptUntil);
    }

    // As a stranger's its keeper's own sendings would not count, and it would go out each minute.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_import_that_names_a_strangers_address_is_its_keepers_all_the_same(bool isHeld)
    {
        if (isHeld)
        {
            Assert.Equal(StoreResult.Stored, _shard.Put(Key, Value(3, Alice, Week), Terms(3)));
        }

        var kept = new StoredValue(Values[3], Start, Start.AddDays(30), StoredValues.Bob) { IsKept = true };
        Assert.Equal(StoreResult.Stored, _shard.Put(Key, kept, Terms(3, PutKind.Import)));
        Assert.Equal((Start.AddDays(30), SourceNetwork.Trusted), (Held.KeptUntil, Held.Source));
    }

    // Nothing is written for it. A stranger could keep it from being sent to anybody else.
    [Fact]
    public void A_trusted_STORE_that_lives_for_a_day_counts_and_neither_a_shorter_one_nor_a_strangers_does()
    {
        Keep(_shard, 3, Start.AddDays(300));
        var later = Start.AddMinutes(30);
        Assert.False(Decide(Value(3, SourceNetwork.Trusted, TimeSpan.FromHours(23), later)).NeedsWrite);
        Assert.Equal(Start, Decide(Value(3, SourceNetwork.Trusted, TimeSpan.FromHours(23), later)).Held!.StoredAt);
        Assert.All(Sources[1..], stranger => Assert.Equal(Start, Decide(Value(3, stranger, TimeSpan.FromDays(400), later)).Held!.StoredAt));

        var renewed = Decide(Value(3, SourceNetwork.Trusted, TimeSpan.FromHours(24), later));
        Assert.Equal((later, Start.AddDays(300), false), (renewed.Held!.StoredAt, renewed.Held.KeptUntil, renewed.NeedsWrite));

        StoreDecision Decide(StoredValue offered) => _shard.Decide(Key, offered, Terms(3, PutKind.Copy));
    }

    [Fact]
    public void No_more_are_kept_than_the_quota_says_and_those_that_are_follow_and_are_kept_again()
    {
        var others = Enumerable.Range(0, 3).Select(i => SignedItems.Sign(1, "i1e", $"other{i}")).ToList();
        Keep(_shard, 3, Start.AddDays(30));
        Assert.Equal(StoreResult.Stored, KeepOther(0));
        Assert.Equal(StoreResult.KeptQuotaExceeded, KeepOther(1));
        Assert.Null(_shard.Read(others[1].Key));

        // Held already, as any.
        Assert.Equal(StoreResult.Stored, _shard.Put(others[2].Key, Of(others[2]), default(PutTerms).Checked(others[2])));
        Assert.Equal(StoreResult.KeptQuotaExceeded, KeepOther(2));
        Assert.Equal(Start + Week, _shard.Read(others[2].Key)!.ExpiresAt);
        Assert.Null(_shard.Read(others[2].Key)!.KeptUntil);

        Assert.Equal(StoreResult.Stored, Keep(_shard, 5, Start.AddDays(40)));
        Assert.Equal(StoreResult.Stored, _shard.Put(Key, Value(6, Alice, Week), Terms(6)));
        Assert.Equal(2, _shard.Accounts.KeptKeys);
        Assert.Equal(StoreResult.Stored, Release(_shard, Held));
        Assert.Equal(StoreResult.Stored, KeepOther(1));

        _shard.Remove(others[1].Key);
        Assert.Equal(1, _shard.Accounts.KeptKeys);

        StoredValue Of(Item item) => new(item.ToValue(), Start, Start + Week, default);

        StoreResult KeepOther(int i) => _shard.Put(
            others[i].Key, Of(others[i]) with { IsKept = true, ExpiresAt = Start.AddDays(9) }, default(PutTerms).Checked(others[i]));
    }

    [Fact]
    public void Who_lets_go_of_what_is_kept_until_another_time_by_then_changes_nothing()
    {
        Keep(_shard, 3, Start.AddDays(30));
        var read = Held;
        Keep(_shard, 3, Start.AddDays(60));
        Assert.Equal(StoreResult.Superseded, Release(_shard, read));
        _shard.Put(Key, Value(5, Alice, Week), Terms(5));
        Assert.Equal(StoreResult.Superseded, Release(_shard, read with { ExpiresAt = Start.AddDays(60) }));
        Assert.Equal((Values[5], Start.AddDays(60)), (Held.Value, Held.KeptUntil));
    }

    [Fact]
    public void Only_an_item_is_kept_and_none_whose_time_is_over()
    {
        var text = StoredValues.Text("text") with { StoredAt = Start, ExpiresAt = Start + Week, IsKept = true };
        Assert.All(Kinds, kind => Assert.Equal(StoreResult.InvalidItem, _shard.Put(Key, text, kind)));
        Assert.Equal(StoreResult.Outdated, Keep(_shard, 3, Start));
        Assert.Equal(StoreResult.InvalidItem, _shard.Put(Key, Value(3, default, Week) with { IsKept = true }));
        Assert.Equal(0, _shard.Count);
    }

    [Fact]
    public void A_plan_that_is_not_stored_leaves_what_is_kept_as_it_is()
    {
        Keep(_shard, 3, Start.AddDays(30));
        var plan = new KeyShardPlan(_shard);
        plan.Put(Key, Held.Release(Week), EndOf(Held), out var isAtStake);
        Assert.True(isAtStake);
        Assert.Equal(0, _shard.Accounts.KeptKeys);
        plan.Abandon();
        Assert.Equal((1, Start.AddDays(30)), (_shard.Accounts.KeptKeys, Held.KeptUntil));
        Assert.True(_shard.TryFind(Key, out var held) && held.IsKept);
    }

    [Theory]
    [InlineData(0, "The item is to be kept until 2026-01-01 00:00:00Z; a time after now, 2026-01-01 00:00:00Z, and at most 3650 days ahead is allowed.")]
    [InlineData(-5, "The item is to be kept until 2025-12-31 23:59:55Z; a time after now")]
    [InlineData((3_650 * 86_400) + 1, "The item is to be kept until 2035-12-30 00:00:01Z; a time after now")]
    public void A_time_that_is_not_allowed_is_named(long seconds, string sentence)
    {
        var refused = Assert.Throws<ArgumentOutOfRangeException>(() => KeepRules.FindEnd(Values[0], Start.AddSeconds(seconds), Start));
        Assert.StartsWith(sentence, refused.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Whole_seconds_count_and_a_value_that_is_no_item_is_named()
    {
        Assert.Equal(Start.AddSeconds(1), KeepRules.FindEnd(Values[0], Start.AddSeconds(1.9).ToOffset(TimeSpan.FromHours(2)), Start));
        Assert.Equal(Start.AddDays(3_650), KeepRules.FindEnd(Values[0], Start.AddDays(3_650), Start));
        Assert.Throws<ArgumentOutOfRangeException>(() => KeepRules.FindEnd(Values[0], Start.AddSeconds(0.9), Start));
        var refused = Assert.Throws<ArgumentException>(() => KeepRules.FindEnd(DhtValue.FromString("text"), Start.AddDays(1), Start));
        Assert.StartsWith("The value is not a signed item; only signed items can be kept for their owners.", refused.Message, StringComparison.Ordinal);
    }

    // Puts of items, old and new, and of other values, by anybody in any way; keeps, ends and the removal of what has expired, among them. While
    // it is kept the highest number that was offered is held, until the time that the keeper said last; then for a week from its last STORE.
    [Fact]
    public void Whatever_is_put_in_whatever_order_a_kept_item_follows_its_owner_until_its_time() => Randomized.ForSteps(300, 60, steps =>
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        (int Index, DateTimeOffset Until)? model = null;
        var now = Start;
        foreach (var step in steps)
        {
            now = now.AddHours(step % 13 == 0 ? 24 * 9 : step % 5);
            var (kind, source) = (Kinds[step / 13 % 4], Sources[step / 52 % 4]);
            var index = step / 208 % Items.Length;
            var life = TimeSpan.FromHours(step / 2_496 % 300);
            switch (step / 748_800 % 6)
            {
                case 0:
                    var until = now + TimeSpan.FromSeconds(1) + life;
                    var kept = Keep(shard, index, until, at: now);
                    if (model is var (held, _))
                    {
                        Assert.Equal(index >= held ? StoreResult.Stored : StoreResult.OlderItem, kept);
                    }

                    model = kept == StoreResult.Stored ? (index, until) : model;
                    break;
                case 1 when model is var (_, end) && end <= now:
                    var read = shard.Read(Key)!;
                    Assert.Equal(StoreResult.Stored, Release(shard, read));
                    Assert.Equal((read.StoredAt + Week, false), (shard.Read(Key)!.ExpiresAt, shard.Read(Key)!.IsKept));
                    model = null;
                    break;
                case 2:
                    shard.RemoveExpired(now);
                    break;
                case 3:
                    var plain = new StoredValue(DhtValue.FromInteger(index), now, now + life, source) { IsAuthored = true };
                    var result = shard.Put(Key, plain, kind);
                    Assert.True(model is null || result == StoreResult.NotOwner);
                    break;
                default:
                    var put = shard.Put(Key, Value(index, source, life, now), Terms(index, kind));
                    if (model is var (before, its))
                    {
                        Assert.Equal(index >= before ? StoreResult.Stored : StoreResult.OlderItem, put);
                        model = (Math.Max(index, before), its);
                    }

                    break;
            }

            shard.TryGet(Key, now, out var value);
            Assert.Equal(model?.Until, value?.KeptUntil);
            Assert.Equal(model is null ? 0 : 1, shard.Accounts.KeptKeys);
            Assert.True(model is not var (known, _) || (value!.Value == Values[known] && value.Source.IsTrusted && value.StoredAt <= now));
        }
    });

    private static StoredValue Value(int index, SourceNetwork source, TimeSpan life, DateTimeOffset? at = null) =>
        new(Values[index], at ?? Start, (at ?? Start) + life, source);

    private static PutTerms Terms(int index, PutKind kind = PutKind.Publication) => new(kind) { Item = Checked[index] };

    private static StoreResult Keep(KeyShard shard, int index, DateTimeOffset until, PutKind kind = PutKind.Publication, DateTimeOffset? at = null) =>
        shard.Put(Key, new StoredValue(Values[index], at ?? Start, until, SourceNetwork.Trusted) { IsKept = true }, Terms(index, kind));

    private static PutTerms EndOf(StoredValue held) => new(PutKind.Copy)
    {
        Item = CheckedItem.OfChecked(Key, held.Value),
        Condition = new PutCondition { Value = held.Value, KeptUntil = held.ExpiresAt },
    };

    private static StoreResult Release(KeyShard shard, StoredValue held) => shard.Put(Key, held.Release(Week), EndOf(held));
}
