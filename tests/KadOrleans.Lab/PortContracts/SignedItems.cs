using System.Text;
using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Lab;

/// <summary>Signed items for tests, all of one owner unless another is named.</summary>
public static class SignedItems
{
    public static Ed25519KeyPair Owner { get; } = Ed25519KeyPair.FromSeed(new byte[Ed25519KeyPair.SeedLength]);

    public static Ed25519KeyPair Stranger { get; } = Ed25519KeyPair.FromSeed([.. Enumerable.Repeat((byte)1, Ed25519KeyPair.SeedLength)]);

    /// <summary>The key of the items with this salt.</summary>
    public static NodeId Key(string salt = "s") => Item.KeyOf(Owner.PublicKey.Span, Encoding.ASCII.GetBytes(salt));

    public static Item Sign(long seq, string bencode, string salt = "s", Ed25519KeyPair? owner = null) => (owner ?? Owner).ToSigner()
        .SignAsync(Encoding.ASCII.GetBytes(salt), seq, Encoding.ASCII.GetBytes(bencode)).AsTask().GetAwaiter().GetResult();

    /// <summary>An item whose signature the owner has made for another number.</summary>
    public static Item Forge(long seq, string bencode, string salt = "s")
    {
        var signed = Sign(1, "7:another", salt);
        var value = Encoding.ASCII.GetBytes(bencode);
        return Item.TryCreateMutable(signed.PublicKey, signed.Salt, seq, value, signed.Signature, out var item, out var error)
            ? item
            : throw new InvalidOperationException(error.ToString());
    }

    public static Item Immutable(string bencode) => Item.TryCreateImmutable(Encoding.ASCII.GetBytes(bencode), out var item, out var error)
        ? item
        : throw new InvalidOperationException(error.ToString());

    /// <summary>The item as nodes carry it.</summary>
    public static DhtValue ToValue(this Item item) => DhtValue.FromBytes(item.Envelope.ToArray());

    /// <summary>The sequence number of a held item; null if nothing is held, or a value that is none.</summary>
    public static long? SeqOf(DhtValue? value) =>
        value is { Kind: DhtValueKind.Bytes } bytes && ItemEnvelope.TryRead(bytes.AsBytes(), out var item, out _) ? item.Seq : null;

    internal static ItemChecks NewChecks(int? threads = null) => new(Ed25519Signatures.Instance, TimeProvider.System, threads);

    internal static CheckedItem Check(Item item) => CheckedItem.TryCheck(item, item.Key, Ed25519Signatures.Instance, out var verified, out var error)
        ? verified
        : throw new InvalidOperationException(error.ToString());

    /// <summary>Terms that say that the item is checked.</summary>
    internal static PutTerms Checked(this PutTerms terms, Item item) => terms with { Item = Check(item) };
}
