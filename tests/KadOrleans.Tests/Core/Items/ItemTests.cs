using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Tests.Core;

public sealed class ItemTests
{
    private static readonly byte[] Greeting = "5:hello"u8.ToArray();

    public static TheoryData<string> Names => [.. ItemVector.All.Select(vector => vector.Name)];

    [Theory]
    [MemberData(nameof(Names))]
    public void A_recorded_item_has_its_recorded_key_and_its_signature_holds(string name)
    {
        var vector = ItemVector.All.Single(vector => vector.Name == name);
        var item = vector.ToItem();

        Assert.Equal(vector.Key, item.Key.ToString());
        Assert.True(CheckedItem.TryCheck(item, NodeId.Parse(vector.Key), Ed25519Signatures.Instance, out var verified, out _));
        Assert.Same(item, verified.Item);
        Assert.Equal(vector.Value is "303a", item.IsEnd);
    }

    [Theory]
    [InlineData("5:hello", "hello")]
    [InlineData("0:", "")]
    [InlineData("i1e", null)]
    public void Text_is_bytes_that_are_one(string bencode, string? text)
    {
        Assert.Equal((text is not null, text), (SignedItems.Sign(1, bencode).TryGetText(out var read), read));
        Assert.True(Item.TryCreateImmutable(new byte[] { (byte)'1', (byte)':', 0xFF }, out var bytes, out _));
        Assert.False(bytes.TryGetText(out _));
    }

    [Theory]
    [MemberData(nameof(Names))]
    public void A_recorded_item_is_the_same_after_it_went_through_its_envelope(string name)
    {
        var vector = ItemVector.All.Single(vector => vector.Name == name);
        var item = vector.ToItem();

        Assert.True(ItemEnvelope.LooksLikeItem(item.Envelope.Span));
        Assert.True(ItemEnvelope.TryRead(item.Envelope.ToArray(), out var read, out var error), error.ToString());
        Assert.Equal(item, read);
        Assert.Equal(item.GetHashCode(), read.GetHashCode());
        Assert.Equal(
            (vector.IsMutable, vector.PublicKey, vector.Salt, vector.Seq, vector.Value, vector.Signature, vector.Key),
            (read.IsMutable, Hex(read.PublicKey), Hex(read.Salt), read.Seq, Hex(read.Value), Hex(read.Signature), read.Key.ToString()));
    }

    [Fact]
    public void The_signed_bytes_are_those_that_BEP_44_prints()
    {
        Assert.Equal("3:seqi1e1:v12:Hello World!", Signed(string.Empty, 1, "12:Hello World!"));
        Assert.Equal("4:salt6:foobar3:seqi1e1:v12:Hello World!", Signed("foobar", 1, "12:Hello World!"));
        Assert.Equal(SignedMessage.MaxLength, Signed(new string('s', 64), long.MaxValue, $"996:{new string('x', 996)}").Length);
    }

    [Fact]
    public async Task The_longest_item_fills_the_longest_envelope()
    {
        using var pair = Ed25519KeyPair.Generate();
        var item = await pair.ToSigner().SignAsync(new byte[Item.MaxSaltLength], long.MaxValue, Item.EncodeBytes(new byte[996]));
        Assert.Equal(Item.MaxValueLength, item.Value.Length);
        Assert.Equal(ItemEnvelope.MaxLength, item.Envelope.Length);
        Assert.True(CheckedItem.TryCheck(item, item.Key, Ed25519Signatures.Instance, out _, out _));
        Assert.True(ItemEnvelope.TryRead(item.Envelope, out _, out _));
    }

    [Fact]
    public async Task An_item_is_as_it_is_written_down()
    {
        using var pair = Ed25519KeyPair.FromSeed(new byte[32]);
        var item = await pair.ToSigner().SignAsync("profile"u8.ToArray(), 7, Greeting);
        var text = Encoding.Latin1.GetString(item.Envelope.Span);
        Assert.StartsWith("d3:bepi44e1:k32:", text, StringComparison.Ordinal);
        Assert.Contains("4:salt7:profile3:seqi7e3:sig64:", text, StringComparison.Ordinal);
        Assert.EndsWith("1:v5:helloe", text, StringComparison.Ordinal);

        Assert.True(Item.TryCreateImmutable(Greeting, out var immutable, out _));
        Assert.Equal("d3:bepi44e1:v5:helloe", Encoding.Latin1.GetString(immutable.Envelope.Span));
        Assert.False(immutable.IsMutable);
        Assert.Equal(NodeId.FromKey("5:hello"u8), immutable.Key);
    }

    [Fact]
    public async Task An_owner_ends_his_value_by_an_item_without_bytes()
    {
        using var pair = Ed25519KeyPair.Generate();
        var owner = pair.ToSigner();
        var end = await owner.SignEndAsync("a"u8.ToArray(), 2);
        Assert.True(end.IsEnd);
        Assert.True(end.TryGetBytes(out var content));
        Assert.True(content.IsEmpty);
        Assert.Equal(Item.KeyOf(pair.PublicKey.Span, "a"u8), end.Key);
        Assert.False((await owner.SignAsync("a"u8.ToArray(), 3, "le"u8.ToArray())).IsEnd);
        Assert.True(Item.TryCreateImmutable("0:"u8.ToArray(), out var immutable, out _));
        Assert.False(immutable.IsEnd);
    }

    [Fact]
    public async Task Bytes_of_a_value_are_read_and_other_kinds_are_none()
    {
        using var pair = Ed25519KeyPair.Generate();
        Assert.True((await pair.ToSigner().SignAsync(default, 0, Item.EncodeBytes("hello"u8))).TryGetBytes(out var content));
        Assert.Equal("hello"u8, content.Span);
        Assert.False((await pair.ToSigner().SignAsync(default, 0, "i5e"u8.ToArray())).TryGetBytes(out _));
    }

    [Fact]
    public async Task An_item_keeps_what_it_was_made_of_when_the_caller_changes_his_arrays()
    {
        using var pair = Ed25519KeyPair.Generate();
        var (salt, value) = ("salt"u8.ToArray(), Greeting.ToArray());
        var item = await pair.ToSigner().SignAsync(salt, 1, value);
        (salt[0], value[2]) = (0, 0);
        Assert.True(CheckedItem.TryCheck(item, Item.KeyOf(pair.PublicKey.Span, "salt"u8), Ed25519Signatures.Instance, out _, out _));
    }

    [Fact]
    public async Task A_check_names_the_wrong_key_and_the_signature_that_does_not_hold()
    {
        using var pair = Ed25519KeyPair.Generate();
        var item = await pair.ToSigner().SignAsync(default, 1, Greeting);
        Assert.Equal(ItemFault.WrongKey, Check(item, NodeId.FromKey("another"u8)));
        Assert.Equal(ItemFault.None, Check(item, item.Key));

        Assert.Equal(ItemFault.SignatureInvalid, Check(Forged(2, item.Value, item.Signature, default), item.Key));
        Assert.Equal(ItemFault.SignatureInvalid, Check(Forged(1, "5:hallo"u8.ToArray(), item.Signature, default), item.Key));
        Assert.Equal(ItemFault.SignatureInvalid, Check(Forged(1, item.Value, new byte[64], default), item.Key));
        var salted = Forged(1, item.Value, item.Signature, "s"u8.ToArray());
        Assert.Equal(ItemFault.SignatureInvalid, Check(salted, salted.Key));

        Item Forged(long seq, ReadOnlyMemory<byte> value, ReadOnlyMemory<byte> signature, ReadOnlyMemory<byte> salt) =>
            Item.TryCreateMutable(pair.PublicKey, salt, seq, value, signature, out var forged, out var error)
                ? forged
                : throw new InvalidOperationException(error.ToString());
    }

    [Fact]
    public void The_wrong_key_costs_no_verification()
    {
        var item = ItemVector.All[0].ToItem();
        Assert.False(CheckedItem.TryCheck(item, default, new Failing(), out _, out var error));
        Assert.Equal(ItemFault.WrongKey, error.Fault);
    }

    [Fact]
    public void Each_mistake_has_a_sentence_that_names_it()
    {
        Assert.Equal("The value is 1001 bytes long in bencode; at most 1000 are allowed.", Error(value: Item.EncodeBytes(new byte[997])));
        Assert.Equal("The salt is 65 bytes long; at most 64 are allowed.", Error(salt: new byte[65]));
        Assert.Equal("The sequence number is -1; 0 to 9223372036854775807 is allowed.", Error(seq: -1));
        Assert.Equal("The public key is 31 bytes long; 32 are needed.", Error(publicKey: new byte[31]));
        Assert.Equal("The signature is 63 bytes long; 64 are needed.", Error(signature: new byte[63]));
        Assert.Equal("The value is not one value in canonical bencode of at most 14 levels: byte 0 is wrong or missing.", Error(value: "hello"u8.ToArray()));
        Assert.Equal("The value is not one value in canonical bencode of at most 14 levels: byte 0 is wrong or missing.", Error(value: []));
        Assert.Equal(
            "The value is not one value in canonical bencode of at most 14 levels: byte 14 is wrong or missing.",
            Error(value: "lllllllllllllllleeeeeeeeeeeeeeee"u8.ToArray()));
        Assert.All(Enum.GetValues<ItemFault>(), fault => Assert.EndsWith(".", new ItemError(fault, 5).ToString(), StringComparison.Ordinal));
    }

    [Fact]
    public async Task A_signer_names_what_makes_no_item_before_it_signs()
    {
        var asked = 0;
        var owner = new ItemSigner(new byte[32], (_, _) =>
        {
            asked++;
            return new(new byte[63]);
        });
        var wrong = await Assert.ThrowsAsync<ArgumentException>(async () => await owner.SignAsync(new byte[65], 1, Greeting));
        Assert.Equal("The salt is 65 bytes long; at most 64 are allowed.", wrong.Message);
        Assert.Equal(0, asked);
        var short63 = await Assert.ThrowsAsync<InvalidOperationException>(async () => await owner.SignAsync(default, 1, Greeting));
        Assert.Equal("The signature is 63 bytes long; 64 are needed.", short63.Message);
        Assert.Equal(1, asked);
        Assert.Throws<ArgumentException>(() => new ItemSigner(new byte[33], (_, _) => default));
        Assert.Throws<ArgumentException>(() => Item.KeyOf(new byte[33], default));
        Assert.Throws<ArgumentException>(() => Item.KeyOf(new byte[32], new byte[65]));
    }

    private static string Signed(string salt, long seq, string value)
    {
        var buffer = new byte[SignedMessage.MaxLength];
        return Encoding.ASCII.GetString(buffer, 0, SignedMessage.Write(buffer, Encoding.ASCII.GetBytes(salt), seq, Encoding.ASCII.GetBytes(value)));
    }

    private static ItemFault Check(Item item, NodeId key)
    {
        CheckedItem.TryCheck(item, key, Ed25519Signatures.Instance, out _, out var error);
        return error.Fault;
    }

    private static string Error(byte[]? publicKey = null, byte[]? salt = null, long seq = 0, byte[]? value = null, byte[]? signature = null)
    {
        Assert.False(Item.TryCreateMutable(publicKey ?? new byte[32], salt, seq, value ?? Greeting, signature ?? new byte[64], out _, out var error));
        return error.ToString();
    }

    private static string Hex(ReadOnlyMemory<byte> bytes) => Convert.ToHexStringLower(bytes.Span);

    private sealed class Failing : ISignatures
    {
        public bool Verify(ReadOnlySpan<byte> publicKey, ReadOnlySpan<byte> message, ReadOnlySpan<byte> signature) =>
            throw new InvalidOperationException("Nothing is to be verified.");
    }
}
