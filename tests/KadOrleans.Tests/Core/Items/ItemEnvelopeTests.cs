using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Core;

/// <summary>What strangers send in place of an item.</summary>
public sealed class ItemEnvelopeTests
{
    private const string PublicKey = "1:k32:kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk";
    private const string Signature = "3:sig64:ssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssssss";

    [Theory]
    [InlineData($"d3:bepi44e{PublicKey}3:seqi1e{Signature}1:v0:e")]
    [InlineData($"d3:bepi44e{PublicKey}4:salt1:a3:seqi0e{Signature}1:vi5ee")]
    [InlineData("d3:bepi44e1:vlee")]
    public void An_item_is_read(string envelope) => Assert.Equal(ItemFault.None, Read(envelope).Fault);

    [Theory]
    [InlineData("", ItemFault.EnvelopeForm, 0)]
    [InlineData("d3:bepi44e", ItemFault.EnvelopeForm, 10)]
    [InlineData("d3:bepi44e1:v0:", ItemFault.EnvelopeForm, 15)]
    [InlineData("d3:bepi44e1:v0:ee", ItemFault.EnvelopeForm, 16)]
    [InlineData("d3:bepi44e1:v00:e", ItemFault.EnvelopeForm, 13)]
    [InlineData("d1:v0:3:bepi44ee", ItemFault.EnvelopeForm, 6)]
    [InlineData("d3:bepi44e1:v0:1:v0:e", ItemFault.EnvelopeForm, 15)]
    [InlineData("d3:bep2:441:v0:e", ItemFault.EnvelopeForm, 6)]
    [InlineData("d3:bepi45e1:v0:e", ItemFault.EnvelopeKind, 0)]
    [InlineData("d3:bepi44e3:casi1e1:v0:e", ItemFault.FieldUnknown, 10)]
    [InlineData("d3:bepi44ee", ItemFault.FieldMissing, 0)]
    [InlineData("d1:v0:e", ItemFault.FieldMissing, 0)]
    [InlineData("d3:bepi44e4:salt1:a1:v0:e", ItemFault.FieldMissing, 0)]
    [InlineData($"d3:bepi44e{PublicKey}3:seqi1e1:v0:e", ItemFault.FieldMissing, 0)]
    [InlineData($"d3:bepi44e{PublicKey}{Signature}1:v0:e", ItemFault.FieldMissing, 0)]
    [InlineData($"d3:bepi44e3:seqi1e{Signature}1:v0:e", ItemFault.FieldMissing, 0)]
    [InlineData($"d3:bepi44e{PublicKey}4:salt0:3:seqi1e{Signature}1:v0:e", ItemFault.FieldMissing, 0)]
    [InlineData($"d3:bepi44e{PublicKey}3:seqi-1e{Signature}1:v0:e", ItemFault.SeqNegative, -1)]
    [InlineData($"d3:bepi44e{PublicKey}3:seqi9223372036854775808e{Signature}1:v0:e", ItemFault.SeqTooWide, 0)]
    [InlineData($"d3:bepi44e{PublicKey}3:seqi1e3:sig1:s1:v0:e", ItemFault.SignatureLength, 1)]
    [InlineData($"d3:bepi44e1:k1:k3:seqi1e{Signature}1:v0:e", ItemFault.PublicKeyLength, 1)]
    public void What_is_no_item_is_refused_for_its_reason(string envelope, ItemFault fault, long found) =>
        Assert.Equal(new ItemError(fault, found), Read(envelope));

    [Fact]
    public void Longer_ones_are_refused_unread() => Assert.Equal(
        new ItemError(ItemFault.EnvelopeLength, 1224), Read($"d3:bepi44e1:v{new string('x', 1211)}"));

    [Fact]
    public void An_ordinary_value_does_not_look_like_an_item()
    {
        Assert.False(ItemEnvelope.LooksLikeItem("hello"u8));
        Assert.False(ItemEnvelope.LooksLikeItem(default));
        Assert.False(ItemEnvelope.LooksLikeItem("d3:bepi44"u8));
        Assert.True(ItemEnvelope.LooksLikeItem("d3:bepi44e and whatever follows"u8));
    }

    // Whatever is read has one form: what it consists of gives the same bytes again.
    [Fact]
    public void Changed_envelopes_never_throw_and_what_is_read_is_written_the_same()
    {
        var recorded = ItemVector.All.Select(vector => vector.ToItem().Envelope.ToArray()).ToArray();
        var read = 0;
        Randomized.ForSeeds(3_000, random =>
        {
            byte[] bytes = [.. recorded[random.Next(recorded.Length)]];
            for (var changes = random.Next(3); changes >= 0; changes--)
            {
                bytes[random.Next(bytes.Length)] = random.Next(2) == 0 ? (byte)"0123456789:deil-"[random.Next(16)] : random.NextBytes(1)[0];
            }

            bytes = bytes[..(bytes.Length - (random.Next(8) == 0 ? 1 : 0))];
            if (ItemEnvelope.TryRead(bytes, out var item, out _))
            {
                read++;
                Assert.True(item.IsMutable
                    ? Item.TryCreateMutable(item.PublicKey, item.Salt, item.Seq, item.Value, item.Signature, out var again, out _)
                    : Item.TryCreateImmutable(item.Value, out again, out _));
                Assert.Equal(bytes, again.Envelope.ToArray());
            }
        });
        Assert.NotEqual(0, read);
    }

    [Fact]
    public void Refusing_an_envelope_allocates_nothing()
    {
        byte[][] refused =
        [
            .. ItemVector.All.Select(vector => vector.ToItem().Envelope.ToArray()[..^1]),
            "d3:bepi44e3:casi1e1:v0:e"u8.ToArray(),
            "d3:bepi44ee"u8.ToArray(),
            new byte[2_000],
        ];
        Assert.Equal(0, Allocation.Of(() =>
        {
            for (var i = 0; i < 1_000; i++)
            {
                ItemEnvelope.TryRead(refused[i % refused.Length], out _, out _);
            }
        }));
    }

    [Fact]
    public void Reading_an_envelope_allocates_the_item_alone()
    {
        var envelope = ItemVector.All.Single(vector => vector.Name.EndsWith("salt of 64 bytes", StringComparison.Ordinal)).ToItem().Envelope;
        Assert.InRange(Allocation.Of(() => ItemEnvelope.TryRead(envelope, out _, out _)), 1, 160);
    }

    private static ItemError Read(string envelope)
    {
        ItemEnvelope.TryRead(Encoding.ASCII.GetBytes(envelope), out var item, out var error);
        Assert.Equal(error.IsNone, item is not null);
        return error;
    }
}
