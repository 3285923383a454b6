using KadOrleans.Core.Items;

namespace KadOrleans.Tests.Core;

/// <summary>An item that BEP 44 prints, or that another program made; all but the names and the number in hexadecimal.</summary>
internal sealed record ItemVector(string Name, string PublicKey, string Salt, long Seq, string Value, string Signature, string Key)
{
    public static IReadOnlyList<ItemVector> All { get; } = VectorFile.Read<ItemVector>("items.json");

    public bool IsMutable => PublicKey.Length > 0;

    public ItemParts ToParts() => new()
    {
        IsMutable = IsMutable,
        PublicKey = Convert.FromHexString(PublicKey),
        Salt = Convert.FromHexString(Salt),
        Seq = Seq,
        Value = Convert.FromHexString(Value),
        Signature = Convert.FromHexString(Signature),
    };

    public Item ToItem() => Item.TryCreate(ToParts(), out var item, out var error) ? item : throw new InvalidOperationException($"{Name}: {error}");
}

/// <summary>A signature of RFC 8032, or a hostile one, and what two libraries say of it.</summary>
internal sealed record SignatureVector(string Name, string PublicKey, string Message, string Signature, bool Holds, bool BouncyCastle, string? Seed)
{
    public static IReadOnlyList<SignatureVector> All { get; } = VectorFile.Read<SignatureVector>("signatures.json");
}
