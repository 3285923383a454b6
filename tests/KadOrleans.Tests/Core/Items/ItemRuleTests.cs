using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Tests.Core;

public sealed class ItemRuleTests
{
    private static readonly Ed25519KeyPair Pair = Ed25519KeyPair.FromSeed(new byte[32]);
    private static readonly CheckedItem Five = Signed(5, "3:one");

    [Fact]
    public void A_higher_number_replaces_a_lower_one_and_never_the_other_way()
    {
        var six = Signed(6, "3:two");
        Assert.Equal(ItemDecision.Store, ItemRule.Decide(six, Five));
        Assert.Equal(ItemDecision.OlderSeq, ItemRule.Decide(Five, six));
        Assert.Equal(ItemDecision.Store, ItemRule.Decide(Five, null));
    }

    [Fact]
    public void The_same_number_renews_the_same_value_and_never_replaces_another()
    {
        Assert.Equal(ItemDecision.Renew, ItemRule.Decide(Signed(5, "3:one"), Five));
        Assert.Equal(ItemDecision.SameSeq, ItemRule.Decide(Signed(5, "3:two"), Five));
        Assert.Equal(ItemDecision.SameSeq, ItemRule.Decide(Signed(5, "0:"), Five));
    }

    [Fact]
    public void An_end_stays_until_a_higher_number()
    {
        var end = Signed(6, "0:");
        Assert.Equal(ItemDecision.Store, ItemRule.Decide(end, Five));
        Assert.Equal(ItemDecision.OlderSeq, ItemRule.Decide(Five, end));
        Assert.Equal(ItemDecision.SameSeq, ItemRule.Decide(Signed(6, "3:two"), end));
        Assert.Equal(ItemDecision.Store, ItemRule.Decide(Signed(7, "3:two"), end));
    }

    [Fact]
    public void What_is_no_item_never_replaces_one() => Assert.Equal(
        (ItemDecision.Unsigned, ItemDecision.Unsigned, ItemDecision.Store),
        (ItemRule.DecideUnsigned(Five), ItemRule.DecideUnsigned(Immutable("3:one")), ItemRule.DecideUnsigned(null)));

    [Fact]
    public void A_condition_is_the_number_that_is_held()
    {
        var six = Signed(6, "3:two");
        Assert.Equal(ItemDecision.Store, ItemRule.Decide(six, Five, cas: 5));
        Assert.Equal(ItemDecision.CasMismatch, ItemRule.Decide(six, Five, cas: 4));
        Assert.Equal(ItemDecision.CasMismatch, ItemRule.Decide(Five, six, cas: 5));
        Assert.Equal(ItemDecision.OlderSeq, ItemRule.Decide(Five, six, cas: 6));
        Assert.Equal(ItemDecision.Store, ItemRule.Decide(six, null, cas: 5));

        // The first of two requests was stored, its answer was lost.
        Assert.Equal(ItemDecision.Renew, ItemRule.Decide(six, six, cas: 5));
    }

    [Fact]
    public void An_immutable_item_is_only_renewed()
    {
        Assert.Equal(ItemDecision.Store, ItemRule.Decide(Immutable("3:one"), null));
        Assert.Equal(ItemDecision.Renew, ItemRule.Decide(Immutable("3:one"), Immutable("3:one"), cas: 1));
    }

    [Fact]
    public void Another_owners_item_replaces_nothing_though_its_key_be_the_same()
    {
        // A collision of SHA-1 is not at hand; the rule does not look at the key.
        using var other = Ed25519KeyPair.FromSeed([.. Enumerable.Repeat((byte)1, 32)]);
        var others = Signed(9, "3:two", other);
        Assert.Equal(ItemDecision.OwnedByAnother, ItemRule.Decide(others, Five));
        Assert.Equal(ItemDecision.OwnedByAnother, ItemRule.Decide(Immutable("3:one"), Five));
        Assert.Equal(ItemDecision.Store, ItemRule.Decide(Five, Immutable("3:one")));
    }

    // A public key that begins with 93: and a salt that fills up are one value of bencode, so anybody can make the immutable item.
    [Fact]
    public void An_owner_whose_key_and_salt_are_a_value_too_keeps_his_key()
    {
        byte[] publicKey = [.. "93:"u8, .. new byte[29]];
        var salt = new byte[64];
        Assert.True(Item.TryCreateMutable(publicKey, salt, 1, "3:one"u8.ToArray(), new byte[64], out var mutable, out _));
        Assert.True(Item.TryCreateImmutable((byte[])[.. publicKey, .. salt], out var immutable, out _));
        Assert.Equal(mutable.Key, immutable.Key);

        Assert.True(CheckedItem.TryCheck(mutable, mutable.Key, new Agreeing(), out var owners, out _));
        Assert.Equal(ItemDecision.OwnedByAnother, ItemRule.Decide(Check(immutable), owners));
        Assert.Equal(ItemDecision.Store, ItemRule.Decide(owners, Check(immutable)));
    }

    // Items of one owner, values that are none, and now and then an old item again: the highest number is held at the end, whatever the order.
    [Fact]
    public void In_any_order_the_highest_number_is_held_in_the_end() => Randomized.ForSteps(300, 40, steps =>
    {
        object? held = null;
        long? highest = null;
        foreach (var step in steps)
        {
            var before = held as CheckedItem;
            if (step % 3 == 0)
            {
                held = ItemRule.DecideUnsigned(before) == ItemDecision.Store ? step : held;
            }
            else
            {
                var offered = Known[step / 3 % Known.Length];
                var decision = ItemRule.Decide(offered, before);
                highest = Math.Max(highest ?? 0, offered.Item.Seq);
                held = decision == ItemDecision.Store ? offered : held;
                Assert.Equal(Expected(before, offered), decision);
            }

            Assert.Equal(highest, (held as CheckedItem)?.Item.Seq);
            Assert.Equal(highest % 4 == 3, held is CheckedItem { Item.IsEnd: true });
        }
    });

    [Fact]
    public void Every_order_of_four_items_ends_alike()
    {
        Assert.All(Orders([0, 1, 2, 3]), order =>
        {
            CheckedItem? held = null;
            foreach (var index in order)
            {
                held = ItemRule.Decide(Known[index], held) == ItemDecision.Store ? Known[index] : held;
            }

            Assert.Same(Known[3], held);
        });
    }

    [Fact]
    public void With_a_condition_of_two_writers_who_read_the_same_one_is_refused() => Assert.All(
        (CheckedItem[][])[[Signed(6, "3:two"), Signed(6, "5:three")], [Signed(6, "3:two"), Signed(7, "5:three")]],
        pair => Assert.All((CheckedItem[][])[pair, [.. pair.Reverse()]], order =>
        {
            Assert.Equal(ItemDecision.Store, ItemRule.Decide(order[0], Five, cas: 5));
            Assert.Equal(ItemDecision.CasMismatch, ItemRule.Decide(order[1], order[0], cas: 5));
        }));

    [Fact]
    public void Deciding_allocates_nothing() => Assert.Equal(0, Allocation.Of(() =>
    {
        for (var i = 0; i < 1_000; i++)
        {
            ItemRule.Decide(Known[i % Known.Length], Five, cas: 5);
        }
    }));

    private static readonly CheckedItem[] Known = [.. Enumerable.Range(0, 8).Select(seq => Signed(seq, seq % 4 == 3 ? "0:" : $"i{seq}e"))];

    private static ItemDecision Expected(CheckedItem? held, CheckedItem offered) =>
        held is null || offered.Item.Seq > held.Item.Seq ? ItemDecision.Store
        : offered.Item.Seq < held.Item.Seq ? ItemDecision.OlderSeq
        : ItemDecision.Renew;

    private static IEnumerable<int[]> Orders(int[] all) => all.Length == 0
        ? [[]]
        : all.SelectMany(first => Orders([.. all.Where(one => one != first)]).Select(rest => (int[])[first, .. rest]));

    private static CheckedItem Signed(long seq, string value, Ed25519KeyPair? pair = null) =>
        Check((pair ?? Pair).ToSigner().SignAsync("s"u8.ToArray(), seq, Encoding.ASCII.GetBytes(value)).AsTask().GetAwaiter().GetResult());

    private static CheckedItem Immutable(string value)
    {
        Assert.True(Item.TryCreateImmutable(Encoding.ASCII.GetBytes(value), out var item, out _));
        return Check(item);
    }

    private static CheckedItem Check(Item item) =>
        CheckedItem.TryCheck(item, item.Key, Ed25519Signatures.Instance, out var verified, out var error)
            ? verified
            : throw new InvalidOperationException(error.ToString());

    private sealed class Agreeing : ISignatures
    {
        public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) => true;
    }
}
