using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Tests.Core;

/// <summary>What one owner of signed items may have of a store, whoever sends them.</summary>
public sealed class OwnerQuotaTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly StoreQuota Three = StoreQuota.Unlimited with { KeysPerOwner = 3 };

    private readonly KeyShard _shard = new(Three);

    private int Held => HeldOf(isFar: false);

    private int HeldFar => HeldOf(isFar: true);

    [Fact]
    public void An_owner_has_no_more_keys_by_a_hundred_sources_than_by_one_and_takes_no_room_of_another()
    {
        var results = Enumerable.Range(0, 100).Select(i => Put(i, Source(i))).ToList();
        Assert.Equal([.. Enumerable.Repeat(StoreResult.Stored, 3), .. Enumerable.Repeat(StoreResult.OwnerQuotaExceeded, 97)], results);
        Assert.Equal(3, _shard.Count);

        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(StoreResult.Stored, Put(i, Source(i), owner: SignedItems.Stranger)));
        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(3, Source(3), owner: SignedItems.Stranger));
        Assert.Equal((3, 6), (Held, _shard.Count));
    }

    [Fact]
    public void What_is_held_is_renewed_and_replaced_by_anybody_whatever_else_he_has()
    {
        Fill(3);
        Assert.Equal(StoreResult.Stored, Put(1, Source(50)));
        Assert.Equal(StoreResult.Stored, Put(1, Source(51), seq: 2));
        Assert.Equal(StoreResult.Stored, Put(1, Source(52), seq: 3, bencode: $"900:{new string('x', 900)}"));
        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(3, Source(1)));
        Assert.Equal(3, Held);
    }

    [Fact]
    public void What_is_removed_expires_or_is_evicted_leaves_its_room()
    {
        Fill(3);
        Assert.True(_shard.Remove(KeyOf(0)));
        Assert.Equal(StoreResult.Stored, Put(3, Source(1)));
        Assert.Equal(3, _shard.RemoveExpired(Start.AddDays(1)).Count);
        Assert.Equal((0, 0), (Held, _shard.Accounts.OwnedKeys));

        var shard = new KeyShard(Three with { KeysPerSource = 1, TotalKeys = 4, ReservePercent = 0 });
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(StoreResult.Stored, Put(i, Source(i), shard: shard)));
        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(3, Source(3), shard: shard));
        for (var i = 0; i < 3; i++)
        {
            shard.Put(StoredValues.Key(i), Value(DhtValue.FromInteger(i), default));
        }

        shard.Accounts.Use(Three with { TotalKeys = 9, ReservePercent = 0 });
        Assert.Equal(2L, shard.Turnover.Evicted);
        Assert.Equal(
            [StoreResult.Stored, StoreResult.Stored, StoreResult.OwnerQuotaExceeded],
            Enumerable.Range(3, 3).Select(i => Put(i, Source(i), shard: shard)));
    }

    [Fact]
    public void What_this_node_its_clients_and_keepers_hold_is_neither_refused_nor_counted()
    {
        Fill(3);
        Assert.All(Enumerable.Range(3, 5), i => Assert.Equal(StoreResult.Stored, Put(i, SourceNetwork.Trusted)));
        Assert.All(Enumerable.Range(8, 5), i => Assert.Equal(StoreResult.Stored, Put(i, Source(i), value => value with { PublishedAt = Start })));
        Assert.All(Enumerable.Range(13, 5), i => Assert.Equal(StoreResult.Stored, Put(i, Source(i), value => value with { IsKept = true })));
        Assert.Equal((3, 18), (Held, _shard.Count));

        // Its source is its keeper still, which is trusted: it counts no more than before.
        var kept = _shard.Read(KeyOf(13))!;
        var terms = new PutTerms(PutKind.Copy) { Condition = new PutCondition { Value = kept.Value, KeptUntil = kept.KeptUntil } }.Checked(ItemOf(13));
        Assert.Equal(StoreResult.Stored, _shard.Put(KeyOf(13), kept.Release(TimeSpan.FromDays(7)), terms));
        Assert.Equal((3, false), (Held, _shard.Read(KeyOf(13))!.IsKept));
        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(20, Source(1)));
    }

    [Fact]
    public void A_value_without_an_owner_counts_against_none()
    {
        var shard = new KeyShard(StoreQuota.Unlimited with { KeysPerOwner = 0, BytesPerOwner = 0 });
        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(0, Source(0), shard: shard));
        var immutable = SignedItems.Immutable("5:first");
        Assert.Equal(StoreResult.Stored, shard.Put(immutable.Key, Value(immutable.ToValue(), Source(1)), default(PutTerms).Checked(immutable)));
        var text = DhtValue.FromString("d3:bepi44e1:k32:" + new string('x', 40));
        Assert.Equal(StoreResult.Stored, shard.Put(StoredValues.Key(1), Value(text, Source(1))));
        Assert.Equal((2, 0), (shard.Count, shard.Accounts.OwnedKeys));
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void An_owner_with_more_than_a_lower_limit_keeps_it_and_replaces_each(bool isLimit)
    {
        Fill(3);
        var bytes = _shard.Bytes;
        _shard.Accounts.Use(Three with { KeysPerOwner = 1, BytesPerOwner = bytes - 1, KeepsHeld = isLimit });

        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(3, Source(3)));
        Assert.Equal(StoreResult.Stored, Put(0, Source(3), seq: 2));
        Assert.Equal(StoreResult.Stored, Put(1, Source(3), seq: 2, bencode: "6:longer"));
        Assert.Equal((3, bytes + 3), (Held, _shard.Bytes));
    }

    [Theory]
    [InlineData("trusted", 4)]
    [InlineData("published", 4)]
    [InlineData("kept", 3)]
    public void His_next_item_takes_the_place_of_one_that_is_not_counted_though_others_fill_his_share(string why, int held)
    {
        var first = Put(10, why == "trusted" ? SourceNetwork.Trusted : Source(9), value => value with
        {
            PublishedAt = why == "published" ? Start : null,
            IsKept = why == "kept",
        });
        Assert.Equal(StoreResult.Stored, first);
        Fill(3);

        Assert.Equal(StoreResult.Stored, Put(10, Source(4), seq: 2));
        Assert.Equal((held, 2), (Held, SignedItems.SeqOf(_shard.Read(KeyOf(10))!.Value)));
        Assert.Equal(StoreResult.Stored, Put(10, Source(5), seq: 3, bencode: $"900:{new string('x', 900)}"));
        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(3, Source(6)));
    }

    [Fact]
    public void Neither_a_text_nor_an_expired_item_at_the_key_makes_room_for_his_item()
    {
        Assert.Equal(StoreResult.Stored, Put(4, SourceNetwork.Trusted, value => value with { ExpiresAt = Start.AddSeconds(1) }));
        Fill(3);
        Assert.Equal(StoreResult.Stored, _shard.Put(KeyOf(3), Value(DhtValue.FromString("text"), Source(3))));

        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(3, Source(3)));
        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(4, Source(3), value => value with { StoredAt = Start.AddSeconds(1) }));
    }

    [Fact]
    public void Far_items_of_an_owner_take_no_room_of_his_near_ones_nor_these_of_those_also_after_the_area_changed()
    {
        var area = new ResponsibleArea(KeyOf(0), 1);
        int[] near = [.. Enumerable.Range(0, 100).Where(salt => area.Contains(KeyOf(salt))).Take(5)];
        int[] far = [.. Enumerable.Range(0, 100).Where(salt => !area.Contains(KeyOf(salt))).Take(5)];
        _shard.SetArea(area);
        AssertTakes(far, near);
        Assert.Equal((3, 3), (Held, HeldFar));

        // All are near then: what is beyond stays, and each is still replaced.
        _shard.SetArea(ResponsibleArea.Everywhere);
        Assert.Equal((6, 0), (Held, HeldFar));
        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(near[3], Source(3)));
        Assert.Equal(StoreResult.Stored, Put(far[0], Source(3), seq: 2));

        // The other half.
        _shard.SetArea(new ResponsibleArea(KeyOf(far[0]), 1));
        Assert.Equal((3, 3), (Held, HeldFar));
        Assert.True(_shard.Remove(KeyOf(far[0])));
        Assert.Equal((2, 3), (Held, HeldFar));
        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(near[3], Source(3)));
        Assert.Equal(StoreResult.Stored, Put(far[3], Source(3)));

        Assert.Equal(6, _shard.RemoveExpired(Start.AddDays(1)).Count);
        Assert.Equal((0, 0, 0), (Held, HeldFar, _shard.Accounts.OwnedKeys));

        void AssertTakes(params int[][] classes) => Assert.All(classes, salts => Assert.Equal(
            [.. Enumerable.Repeat(StoreResult.Stored, 3), .. Enumerable.Repeat(StoreResult.OwnerQuotaExceeded, 2)],
            salts.Select(salt => Put(salt, Source(salt)))));
    }

    // In a cluster an edge says which are far, and another edge may be near the same key.
    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    public void Far_items_become_near_by_renewals_and_newer_ones_as_long_as_he_has_room_and_near_ones_stay(int seq)
    {
        Assert.All(Enumerable.Range(0, 3), i => Assert.Equal(StoreResult.Stored, PutMarked(i, isFar: true)));
        Assert.Equal(StoreResult.OwnerQuotaExceeded, PutMarked(9, isFar: true));
        Assert.All(Enumerable.Range(0, 2), i => Assert.Equal(StoreResult.Stored, PutMarked(i, isFar: false, seq)));
        Assert.Equal((2, 1), (Held, HeldFar));

        Assert.All(Enumerable.Range(3, 2), i => Assert.Equal(StoreResult.Stored, PutMarked(i, isFar: true)));
        Assert.All(Enumerable.Range(2, 3), i => Assert.Equal(StoreResult.Stored, PutMarked(i, isFar: false, seq)));
        Assert.Equal((3, 2), (Held, HeldFar));
        Assert.Equal(StoreResult.Stored, PutMarked(0, isFar: true, seq + 1));
        Assert.Equal((3, 2, false), (Held, HeldFar, _shard.Read(KeyOf(0))!.IsFar));
    }

    [Fact]
    public void A_far_item_becomes_near_if_its_owner_has_room_for_its_last_byte()
    {
        Fill(2);
        var bytes = _shard.Bytes;
        Assert.All([bytes, bytes - 1], limit =>
        {
            var marked = new KeyShard(StoreQuota.Unlimited with { BytesPerOwner = limit });
            Assert.Equal(StoreResult.Stored, PutMarked(0, isFar: false, shard: marked));
            Assert.Equal(StoreResult.Stored, PutMarked(1, isFar: true, shard: marked));
            Assert.Equal(StoreResult.Stored, PutMarked(1, isFar: false, shard: marked));
            Assert.Equal(limit != bytes, marked.Read(KeyOf(1))!.IsFar);
        });
    }

    [Fact]
    public void A_store_knows_which_items_were_marked_far_though_all_of_its_area_are_near() => Assert.All([true, false], isFar =>
    {
        Assert.Equal(StoreResult.Stored, PutMarked(isFar ? 1 : 2, isFar));
        Assert.Equal(StoreShare.Of(_shard.Read(KeyOf(isFar ? 1 : 2))!), _shard.ShareOf(KeyOf(isFar ? 1 : 2)));
    });

    [Fact]
    public void A_put_of_what_has_no_owner_allocates_nothing_for_owners()
    {
        var (value, share) = (Value(DhtValue.FromBytes(new byte[64]), Source(1)), default(StoreShare));
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                share = StoreShare.Of(value);
            }
        }));
        Assert.Null(share.Owner);
    }

    private int HeldOf(bool isFar) => _shard.Accounts.OwnerOf(OwnerOf(SignedItems.Owner).Code, isFar).Keys;

    private static ItemOwner OwnerOf(Ed25519KeyPair pair) => new(pair.PublicKey.Span);

    private static Item ItemOf(int salt, long seq = 1, string bencode = "3:one", Ed25519KeyPair? owner = null) =>
        SignedItems.Sign(seq, bencode, $"{salt}", owner);

    private static NodeId KeyOf(int salt) => SignedItems.Key($"{salt}");

    private static SourceNetwork Source(int number) => SourceNetwork.Of(UdpEndpoint.Parse($"198.51.{number}.1:1"));

    private static StoredValue Value(DhtValue value, SourceNetwork source) => new(value, Start, Start.AddHours(1), source);

    private void Fill(int count) => Assert.All(Enumerable.Range(0, count), i => Assert.Equal(StoreResult.Stored, Put(i, Source(i))));

    private StoreResult Put(int salt, SourceNetwork source, Func<StoredValue, StoredValue> change) =>
        _shard.Put(KeyOf(salt), change(Value(ItemOf(salt).ToValue(), source)), default(PutTerms).Checked(ItemOf(salt)));

    private StoreResult PutMarked(int salt, bool isFar, long seq = 1, KeyShard? shard = null)
    {
        var item = ItemOf(salt, seq);
        return (shard ?? _shard).Put(item.Key, Value(item.ToValue(), Source(salt)) with { IsFar = isFar }, default(PutTerms).Checked(item));
    }

    private StoreResult Put(
        int salt, SourceNetwork source, long seq = 1, string bencode = "3:one", Ed25519KeyPair? owner = null, KeyShard? shard = null)
    {
        var item = ItemOf(salt, seq, bencode, owner);
        return (shard ?? _shard).Put(item.Key, Value(item.ToValue(), source), default(PutTerms).Checked(item));
    }
}
