namespace KadOrleans.Core.Items;

/// <summary>
/// Whose a mutable item is: the Ed25519 public key. The default value is nobody, of immutable items and of values that are none: no signature holds
/// by a key of zeros, whose order is small.
/// </summary>
internal readonly record struct ItemOwner
{
    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    private ItemOwner(ReadOnlySpan<byte> publicKey)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(publicKey);
        (_first, _second, _third, _fourth) = (words[0], words[1], words[2], words[3]);
    }

    public bool IsNobody => this == default;

    /// <summary>The owner of what a store holds or is to hold; of a value that is no item it compares ten bytes.</summary>
    public static ItemOwner Of(DhtValue value) => value.Kind == DhtValueKind.Bytes ? OfContent(value.AsBytes().Span) : default;

    /// <summary>The owner of a value of bytes. Its form is not checked: whoever stored it has done that.</summary>
    public static ItemOwner OfContent(ReadOnlySpan<byte> content) =>
        ItemEnvelope.TryReadPublicKey(content, out var publicKey) ? new ItemOwner(publicKey) : default;

    /// <summary>The owner whom <see cref="CopyTo"/> has written.</summary>
    /// <param name="publicKey">32 bytes.</param>
    public static ItemOwner Read(ReadOnlySpan<byte> publicKey) => new(publicKey[..Item.PublicKeyLength]);

    /// <summary>Writes the public key.</summary>
    /// <param name="destination">32 bytes or more.</param>
    public void CopyTo(Span<byte> destination)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(destination[..Item.PublicKeyLength]);
        (words[0], words[1], words[2], words[3]) = (_first, _second, _third, _fourth);
    }

    /// <summary>Strangers choose their keys, so the hash is under a secret.</summary>
    public override int GetHashCode() => UniversalHash.OfProcess.Compute(_first, _second, _third, _fourth);
}
