using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Core;

/// <summary>What a store makes of signed items, and of what is offered for their keys.</summary>
public sealed class ItemPutTests
{
    private const int Life = 10_000;
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly NodeId Key = SignedItems.Key();
    private static readonly SourceNetwork Alice = StoredValues.Alice;
    private static readonly SourceNetwork[] Sources = [SourceNetwork.Trusted, Alice, Alice.WithProof(true), StoredValues.Bob];
    private static readonly PutKind[] Kinds = [PutKind.Publication, PutKind.Copy, PutKind.WithLife, PutKind.Import];

    // Every seventh ends what was stored, and one number has two values.
    private static readonly Item[] Items =
    [
        .. Enumerable.Range(0, 15).Select(seq => SignedItems.Sign(seq, seq % 7 == 6 ? "0:" : $"i{seq}e")), SignedItems.Sign(9, "5:other"),
    ];

    private static readonly CheckedItem[] Checked = [.. Items.Select(SignedItems.Check)];
    private static readonly DhtValue[] Values = [.. Items.Select(item => item.ToValue())];

    private readonly KeyShard _shard = new(StoreQuota.Unlimited);

    private StoredValue Held => _shard.Read(Key)!;

    [Fact]
    public void Bytes_that_begin_as_an_item_does_are_refused_unless_they_were_checked_for_the_key()
    {
        var item = Values[3];
        var broken = DhtValue.FromBytes([.. item.AsBytes().Span[..^1], (byte)'x']);
        Assert.Equal(StoreResult.InvalidItem, Put(item));
        Assert.Equal(StoreResult.InvalidItem, Put(broken));
        Assert.Equal(StoreResult.InvalidItem, Put(broken, new PutTerms { Item = Checked[3] }));
        Assert.Equal(StoreResult.InvalidItem, Put(item, new PutTerms { Item = Checked[4] }));
        Assert.Equal(StoreResult.InvalidItem, Put(DhtValue.FromBytes("d3:bepi44e"u8.ToArray()), source: default));
        Assert.Equal(StoreResult.InvalidItem, _shard.Put(StoredValues.Key(1), Value(item), new PutTerms { Item = Checked[3] }));
        Assert.Equal(0, _shard.Count);

        Assert.Equal(StoreResult.Stored, PutItem(3));
        Assert.Equal(item, Held.Value);
    }

    [Fact]
    public void An_item_of_another_type_is_a_value_as_any()
    {
        var text = DhtValue.FromUtf8("d3:bepi44e"u8.ToArray());
        Assert.Equal(StoreResult.Stored, Put(text));
        Assert.Equal(text, Held.Value);
    }

    // Whoever sends it, with or without a token, however long it lives.
    [Fact]
    public void Nothing_but_the_owners_signature_replaces_or_ends_an_item()
    {
        PutItem(5);
        foreach (var kind in Kinds)
        {
            foreach (var source in Sources)
            {
                var lie = Value(DhtValue.FromString("lie"), source: source, life: 100 * Life) with { IsAuthored = true, PublishedAt = Start };
                Assert.Equal(StoreResult.NotOwner, _shard.Put(Key, lie, kind));
                Assert.Equal(StoreResult.OlderItem, PutItem(4, kind, source, 100 * Life));
            }
        }

        Assert.Equal((Values[5], Start.AddSeconds(Life)), (Held.Value, Held.ExpiresAt));
    }

    [Fact]
    public void A_higher_number_replaces_whatever_lives_longer_and_nobody_shortens_what_is_held()
    {
        PutItem(5, life: Life);
        Assert.Equal(StoreResult.Stored, PutItem(6, PutKind.Copy, Alice, life: 1, terms: new PutTerms(PutKind.Copy) { Scope = PutScope.Nothing }));
        Assert.Equal((Values[6], Start.AddSeconds(Life)), (Held.Value, Held.ExpiresAt));

        Assert.Equal(StoreResult.Stored, PutItem(6, PutKind.WithLife, SourceNetwork.Trusted, life: 1));
        Assert.Equal(Start.AddSeconds(Life), Held.ExpiresAt);
        Assert.Equal(StoreResult.Stored, PutItem(6, PutKind.Copy, Alice, life: 2 * Life));
        Assert.Equal(Start.AddSeconds(2 * Life), Held.ExpiresAt);
    }

    [Fact]
    public void An_item_takes_the_key_from_what_was_there_before_and_does_not_live_as_long_as_that()
    {
        _shard.Put(Key, Value(DhtValue.FromString("squatter"), SourceNetwork.Trusted, 100 * Life) with { IsAuthored = true, PublishedAt = Start });

        Assert.Equal(StoreResult.Stored, PutItem(0, PutKind.Copy, Alice, terms: new PutTerms(PutKind.Copy) { Scope = PutScope.Nothing }));

        Assert.Equal((Values[0], Start.AddSeconds(Life), null), (Held.Value, Held.ExpiresAt, Held.PublishedAt));
    }

    // Anybody can make an item without an owner whose key is that of a text in bencode, such as i42e.
    [Fact]
    public void An_item_without_an_owner_takes_no_key_that_any_other_value_would_not()
    {
        var item = SignedItems.Immutable("i42e");
        var published = new StoredValue(DhtValue.FromString("own"), Start, Start.AddSeconds(Life), SourceNetwork.Trusted) { IsAuthored = true, PublishedAt = Start };
        Assert.Equal(StoreResult.Stored, _shard.Put(item.Key, published));
        var offered = new StoredValue(item.ToValue(), Start.AddSeconds(1), Start.AddSeconds(2 * Life), Alice);

        Assert.Equal(StoreResult.Outdated, _shard.Put(item.Key, offered, new PutTerms(PutKind.Publication).Checked(item)));
        Assert.Equal(published.Value, _shard.Read(item.Key)!.Value);

        var other = SignedItems.Immutable("i43e");
        Assert.Equal(StoreResult.Stored, _shard.Put(other.Key, offered with { Value = other.ToValue() }, new PutTerms(PutKind.Publication).Checked(other)));
        Assert.Equal(StoreResult.NotOwner, _shard.Put(other.Key, published with { StoredAt = Start.AddSeconds(2) }));
    }

    [Fact]
    public void A_clusters_publication_ends_at_the_owners_newer_item_and_is_held_until_then()
    {
        _shard.Put(Key, Value(Values[2]) with { PublishedAt = Start }, new PutTerms { Item = Checked[2] });
        Assert.Equal(StoreResult.Stored, PutItem(2, PutKind.Copy, Alice));
        Assert.Equal(Start, Held.PublishedAt);

        var later = Start.AddSeconds(2 * Life);
        Assert.Equal(StoreResult.OlderItem, PutItem(1, at: later));
        Assert.Equal(StoreResult.NotOwner, _shard.Put(Key, Value(DhtValue.FromString("lie"), at: later)));
        Assert.Equal(StoreResult.Stored, PutItem(3, PutKind.Copy, Alice, at: later));
        Assert.Equal((Values[3], null), (Held.Value, Held.PublishedAt));
    }

    [Fact]
    public void After_the_items_life_the_key_is_anybodys()
    {
        PutItem(5);
        var later = Start.AddSeconds(Life);
        Assert.Equal(StoreResult.Outdated, PutItem(6, PutKind.Copy, life: 0, at: later));
        Assert.Equal(StoreResult.Stored, PutItem(2, at: later));
        Assert.Equal(StoreResult.Stored, _shard.Put(Key, Value(DhtValue.FromString("new"), at: later.AddSeconds(Life))));
    }

    [Fact]
    public void A_condition_is_the_number_that_is_held_and_the_same_put_again_finds_its_own_success()
    {
        static PutTerms If(long seq) => new(PutKind.Publication) { Condition = PutCondition.HasSeq(seq) };
        Assert.Equal(StoreResult.Stored, PutItem(5, terms: If(4)));
        Assert.Equal(StoreResult.Superseded, PutItem(8, terms: If(4)));
        Assert.Equal(StoreResult.Stored, PutItem(6, terms: If(5)));
        Assert.Equal(StoreResult.Stored, PutItem(6, terms: If(5)));
        Assert.Equal(StoreResult.Superseded, PutItem(5, terms: If(5)));
        Assert.Equal(StoreResult.OlderItem, PutItem(5, terms: If(6)));
        Assert.Equal(Values[6], Held.Value);

        var absent = new PutTerms(PutKind.Publication) { Condition = PutCondition.NothingHeld };
        Assert.Equal(StoreResult.Superseded, PutItem(7, terms: absent));
        Assert.Equal(StoreResult.Stored, PutItem(6, terms: absent));
        var read = new PutTerms(PutKind.Publication) { Condition = new PutCondition { Value = Values[6], StoredBy = Start } };
        Assert.Equal(StoreResult.Stored, PutItem(7, terms: read));
        Assert.Equal(StoreResult.Stored, PutItem(7, terms: read));
        Assert.Equal(StoreResult.Superseded, PutItem(8, terms: read));

        // Upkeep renews what it has read, and learns that another STORE came meanwhile.
        var renewal = new PutTerms(PutKind.Copy) { Condition = PutCondition.SameValue with { StoredBy = Start.AddSeconds(-1) } };
        Assert.Equal(StoreResult.Superseded, PutItem(7, terms: renewal));
    }

    [Fact]
    public void Quotas_hold_for_items_and_changes_of_others_values_are_not_counted()
    {
        var shard = new KeyShard(new StoreQuota { KeysPerSource = 1, ChangesPerSource = 1 });
        foreach (var seq in Enumerable.Range(0, 6))
        {
            var source = seq % 2 == 0 ? Alice : StoredValues.Bob;
            Assert.Equal(StoreResult.Stored, shard.Put(Key, Value(Values[seq], source), new PutTerms { Item = Checked[seq] }));
        }

        var second = SignedItems.Sign(0, "i0e", "t");
        Assert.Equal(
            StoreResult.SourceQuotaExceeded,
            shard.Put(second.Key, Value(second.ToValue(), StoredValues.Bob), default(PutTerms).Checked(second)));
    }

    // Puts of items, old and new, and of values that are none, by anybody in any way. What is held is always the highest number that was offered
    // since something of the owner lives, its first value, and lives at least as long as before.
    [Fact]
    public void Whatever_is_put_in_whatever_order_the_highest_number_is_held_while_anything_lives() => Randomized.ForSteps(300, 60, steps =>
    {
        var shard = new KeyShard(StoreQuota.Unlimited);
        (int Index, DateTimeOffset End)? model = null;
        var now = Start;
        foreach (var step in steps)
        {
            now = now.AddSeconds(step % 11 == 0 ? Life : step % 5);
            model = model?.End <= now ? null : model;
            var (kind, source) = (Kinds[step / 11 % 4], Sources[step / 44 % 4]);
            var scope = (PutScope)(step / 176 % 3);
            var index = step / 528 % (Items.Length + 4);
            var life = step / 16_384 % (2 * Life);
            if (index >= Items.Length)
            {
                var plain = Value(DhtValue.FromInteger(index), source, life, now) with { IsAuthored = step % 2 == 0 };
                var result = shard.Put(Key, plain, new PutTerms(kind) { Scope = scope });
                Assert.True(model is null || result == StoreResult.NotOwner);
            }
            else
            {
                var terms = new PutTerms(kind) { Scope = scope, Item = Checked[index] };
                var result = shard.Put(Key, Value(Values[index], source, life, now), terms);
                var (expected, next) = Expect(model, index, now.AddSeconds(life), now, kind);
                Assert.Equal(expected, result);
                model = next;
            }

            shard.TryGet(Key, now, out var held);
            if (model is var (known, end))
            {
                Assert.Equal(Values[known], held!.Value);
                Assert.InRange(held.ExpiresAt, end - StoreDecision.NegligibleLife, end);
                model = (known, held.ExpiresAt);
            }
            else
            {
                Assert.False(held is not null && ItemEnvelope.IsItemLike(held.Value));
            }
        }
    });

    [Fact]
    public void An_ordinary_put_is_told_from_an_item_without_allocating()
    {
        var (held, offered) = (Value(DhtValue.FromBytes(new byte[64])), Value(DhtValue.FromBytes(new byte[100])));
        var accounts = _shard.Accounts;
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                ItemPut.Decide(Key, held, offered, PutKind.Publication, accounts, KeyIndex.None);
            }
        }));
    }

    private static (StoreResult Result, (int Index, DateTimeOffset End)? Next) Expect(
        (int Index, DateTimeOffset End)? model, int index, DateTimeOffset end, DateTimeOffset now, PutKind kind)
    {
        if (model is not var (held, before))
        {
            return end <= now && kind != PutKind.Import ? (StoreResult.Outdated, null)
                : (StoreResult.Stored, end <= now ? null : (index, end));
        }

        var later = before > end ? before : end;
        return index == held ? (StoreResult.Stored, (held, later))
            : Items[index].Seq > Items[held].Seq ? (StoreResult.Stored, (index, later))
            : (StoreResult.OlderItem, model);
    }

    private static StoredValue Value(DhtValue value, SourceNetwork source = default, int life = Life, DateTimeOffset? at = null) =>
        new(value, at ?? Start, (at ?? Start).AddSeconds(life), source);

    private StoreResult Put(DhtValue value, PutTerms terms = default, SourceNetwork? source = null) =>
        _shard.Put(Key, Value(value, source ?? Alice), terms);

    private StoreResult PutItem(
        int index,
        PutKind kind = PutKind.Publication,
        SourceNetwork source = default,
        int life = Life,
        PutTerms? terms = null,
        DateTimeOffset? at = null) =>
        _shard.Put(Key, Value(Values[index], source, life, at), (terms ?? kind) with { Item = Checked[index] });
}
