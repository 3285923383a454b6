using System.Text;
using System.Text.Unicode;
using KadOrleans.Core.Items;
using KadOrleans.Signatures;

namespace KadOrleans.Http;

/// <summary>A signed item, as <c>kad item get --json</c> prints it.</summary>
/// <param name="Digest">The key that it is stored at, in 40 hexadecimal digits.</param>
/// <param name="PublicKey">The owner's public key in 64 hexadecimal digits; null for an immutable item.</param>
/// <param name="Salt">The salt as text; null for an immutable item, and for a salt that is not UTF-8.</param>
/// <param name="SaltHex">The salt in hexadecimal; null for an immutable item.</param>
/// <param name="Seq">The owner's sequence number; null for an immutable item.</param>
/// <param name="IsEnd">Whether the owner ended his value.</param>
/// <param name="Value">The value in bencode, in hexadecimal.</param>
/// <param name="Text">The value's bytes as text; null if it is no bytes, or they are not UTF-8.</param>
/// <param name="Signature">The signature in 128 hexadecimal digits; null for an immutable item.</param>
/// <param name="Verifies">Whether key and signature hold, as verified for this result.</param>
internal sealed record ItemResult(
    string Digest,
    string? PublicKey,
    string? Salt,
    string? SaltHex,
    long? Seq,
    bool IsEnd,
    string Value,
    string? Text,
    string? Signature,
    bool Verifies)
{
    /// <summary>The item of a key's value; null if it is none.</summary>
    public static ItemResult? Find(NodeId key, DhtValue value) =>
        ItemEnvelope.Find(value) is { } item ? Of(item, key) : null;

    /// <summary>An item at the key where it was found, or is to be stored.</summary>
    public static ItemResult Of(Item item, NodeId key) => new(
        item.Key.ToString(),
        Hex(item, item.PublicKey),
        item.IsMutable ? TextOf(item.Salt.Span) : null,
        Hex(item, item.Salt),
        item.IsMutable ? item.Seq : null,
        item.IsEnd,
        Convert.ToHexStringLower(item.Value.Span),
        item.TryGetBytes(out var content) ? TextOf(content.Span) : null,
        Hex(item, item.Signature),
        CheckedItem.TryCheck(item, key, Ed25519Signatures.Instance, out _, out _));

    private static string? Hex(Item item, ReadOnlyMemory<byte> part) => item.IsMutable ? Convert.ToHexStringLower(part.Span) : null;

    private static string? TextOf(ReadOnlySpan<byte> bytes) => Utf8.IsValid(bytes) ? Encoding.UTF8.GetString(bytes) : null;
}

/// <summary>An item that a get found.</summary>
/// <param name="Found">Always true; without an item the response is a problem.</param>
/// <param name="Item">The item.</param>
/// <param name="Lookup">The lookup in the network; null if nobody was asked.</param>
internal sealed record FoundItem(bool Found, ItemResult Item, LookupSummary? Lookup);

/// <summary>An item that was put, and what became of its copies.</summary>
/// <param name="Item">The item.</param>
/// <param name="Put">Its copies.</param>
/// <param name="KeptUntil">Until when it is kept for its owner here; null if that was not asked for.</param>
internal sealed record StoredItem(ItemResult Item, PutResult Put, DateTimeOffset? KeptUntil);
