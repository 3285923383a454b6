namespace KadOrleans.Core.Items;

/// <summary>
/// Whose a mutable item is: an Ed25519 public key. Immutable items, and values that are none, have no owner. An object, as few values have one, and
/// what all pass on stays short.
/// </summary>
internal sealed record ItemOwner
{
    private readonly ulong _first;
    private readonly ulong _second;
    private readonly ulong _third;
    private readonly ulong _fourth;

    /// <summary>An owner by 32 bytes.</summary>
    public ItemOwner(ReadOnlySpan<byte> publicKey)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(publicKey[..Item.PublicKeyLength]);
        (_first, _second, _third, _fourth) = (words[0], words[1], words[2], words[3]);
    }

    /// <summary>The owner of what a store holds or is to hold. Of a value that is no item it compares some bytes, and allocates nothing.</summary>
    public static ItemOwner? Of(DhtValue value) => value.Kind == DhtValueKind.Bytes ? OfContent(value.AsBytes().Span) : null;

    /// <summary>The owner of a value of bytes. Its form is not checked: whoever stored it has done that.</summary>
    public static ItemOwner? OfContent(ReadOnlySpan<byte> content) =>
        ItemEnvelope.TryReadPublicKey(content, out var publicKey) ? new ItemOwner(publicKey) : null;

    /// <summary>Writes the public key.</summary>
    /// <param name="destination">32 bytes or more.</param>
    public void CopyTo(Span<byte> destination)
    {
        var words = MemoryMarshal.Cast<byte, ulong>(destination[..Item.PublicKeyLength]);
        (words[0], words[1], words[2], words[3]) = (_first, _second, _third, _fourth);
    }

    /// <summary>What a store knows an owner by: two have the same code once in 2^32. Never <see cref="KeyIndex.None"/>.</summary>
    public int Code => GetHashCode() is var code && code == KeyIndex.None ? 0 : code;

    /// <summary>Strangers choose their keys, so the hash is under a secret.</summary>
    public override int GetHashCode() => UniversalHash.OfProcess.Compute(_first, _second, _third, _fourth);
}
