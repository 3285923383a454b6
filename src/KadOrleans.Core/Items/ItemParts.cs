namespace KadOrleans.Core.Items;

/// <summary>What an item consists of, as somebody gives it: nothing is checked yet. An immutable item has a value alone.</summary>
internal readonly record struct ItemParts
{
    public bool IsMutable { get; init; }

    public ReadOnlyMemory<byte> PublicKey { get; init; }

    public ReadOnlyMemory<byte> Salt { get; init; }

    public long Seq { get; init; }

    public ReadOnlyMemory<byte> Value { get; init; }

    public ReadOnlyMemory<byte> Signature { get; init; }

    /// <summary>What is wrong with the parts; no fault if nothing is. The signature is not verified here.</summary>
    public ItemError FindError() => FindErrorOfValue() is { IsNone: false } wrong ? wrong
        : !IsMutable ? default
        : FindErrorOfSigned() is { IsNone: false } unsigned ? unsigned
        : Signature.Length != Item.SignatureLength ? new ItemError(ItemFault.SignatureLength, Signature.Length)
        : default;

    /// <summary>The same, of a mutable item that is about to be signed.</summary>
    public ItemError FindErrorBeforeSigning() => FindErrorOfValue() is { IsNone: false } wrong ? wrong : FindErrorOfSigned();

    private ItemError FindErrorOfSigned() =>
        PublicKey.Length != Item.PublicKeyLength ? new ItemError(ItemFault.PublicKeyLength, PublicKey.Length)
        : Salt.Length > Item.MaxSaltLength ? new ItemError(ItemFault.SaltLength, Salt.Length)
        : Seq < 0 ? new ItemError(ItemFault.SeqNegative, Seq)
        : default;

    private ItemError FindErrorOfValue() =>
        Value.Length > Item.MaxValueLength ? new ItemError(ItemFault.ValueLength, Value.Length)
        : !BencodeReader.IsCanonical(Value.Span, Item.MaxValueDepth, out var position) ? new ItemError(ItemFault.ValueForm, position)
        : default;
}
