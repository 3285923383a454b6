using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Tests.Core;

/// <summary>What one owner of signed items may have of a store, whoever sends them.</summary>
public sealed class OwnerQuotaTests
{
    private static readonly DateTimeOffset Start = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);
    private static readonly StoreQuota Three = StoreQuota.Unlimited with { KeysPerOwner = 3 };

    private readonly KeyShard _shard = new(Three);

    private int Held => _shard.Accounts.OwnerOf(OwnerOf(SignedItems.Owner).Code).Keys;

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
    public void An_owner_with_more_than_a_lower_limit_keeps_it_and_replaces_each_by_one_as_large(bool isLimit)
    {
        Fill(3);
        var bytes = _shard.Bytes;
        _shard.Accounts.Use(Three with { KeysPerOwner = 1, BytesPerOwner = bytes - 1, KeepsHeld = isLimit });

        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(3, Source(3)));
        Assert.Equal(StoreResult.Stored, Put(0, Source(3), seq: 2));
        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(1, Source(3), seq: 2, bencode: "6:longer"));
        Assert.Equal((3, bytes), (Held, _shard.Bytes));

        _shard.Accounts.Use(Three with { BytesPerOwner = bytes, KeepsHeld = isLimit });
        Assert.Equal(StoreResult.OwnerQuotaExceeded, Put(1, Source(3), seq: 2, bencode: "6:longer"));
        _shard.Accounts.Use(Three with { BytesPerOwner = bytes + 3, KeepsHeld = isLimit });
        Assert.Equal(StoreResult.Stored, Put(1, Source(3), seq: 2, bencode: "6:longer"));
    }

    [Fact]
    public void The_owner_of_bytes_is_that_of_the_item_which_they_are()
    {
        var item = ItemOf(1);
        var owner = ItemOwner.Of(item.ToValue())!;
        var written = new byte[Item.PublicKeyLength];
        owner.CopyTo(written);
        Assert.Equal(item.PublicKey.ToArray(), written);
        Assert.Equal(owner, new ItemOwner(written));
        Assert.NotEqual(owner, ItemOwner.Of(SignedItems.Sign(1, "i1e", owner: SignedItems.Stranger).ToValue()));
        Assert.All(Enumerable.Range(0, 48), length => Assert.Null(ItemOwner.OfContent(item.Envelope.Span[..length])));
        Assert.Equal(owner, ItemOwner.OfContent(item.Envelope.Span[..48]));
    }

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

    private static ItemOwner OwnerOf(Ed25519KeyPair pair) => new(pair.PublicKey.Span);

    private static Item ItemOf(int salt, long seq = 1, string bencode = "3:one", Ed25519KeyPair? owner = null) =>
        SignedItems.Sign(seq, bencode, $"{salt}", owner);

    private static NodeId KeyOf(int salt) => SignedItems.Key($"{salt}");

    private static SourceNetwork Source(int number) => SourceNetwork.Of(UdpEndpoint.Parse($"198.51.{number}.1:1"));

    private static StoredValue Value(DhtValue value, SourceNetwork source) => new(value, Start, Start.AddHours(1), source);

    private void Fill(int count) => Assert.All(Enumerable.Range(0, count), i => Assert.Equal(StoreResult.Stored, Put(i, Source(i))));

    private StoreResult Put(int salt, SourceNetwork source, Func<StoredValue, StoredValue> change) =>
        _shard.Put(KeyOf(salt), change(Value(ItemOf(salt).ToValue(), source)), default(PutTerms).Checked(ItemOf(salt)));

    private StoreResult Put(
        int salt, SourceNetwork source, long seq = 1, string bencode = "3:one", Ed25519KeyPair? owner = null, KeyShard? shard = null)
    {
        var item = ItemOf(salt, seq, bencode, owner);
        return (shard ?? _shard).Put(item.Key, Value(item.ToValue(), source), default(PutTerms).Checked(item));
    }
}
