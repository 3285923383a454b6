namespace KadOrleans.Core.Items;

/// <summary>What is wrong with an item, and by how much. Its text is one sentence for people.</summary>
/// <param name="Fault">What is wrong.</param>
/// <param name="Found">A length in bytes, a place in bytes from the beginning, or a sequence number, as the fault says; 0 where it has none.</param>
public readonly record struct ItemError(ItemFault Fault, long Found = 0)
{
    /// <summary>Whether nothing is wrong.</summary>
    public bool IsNone => Fault == ItemFault.None;

    /// <summary>One sentence: what is wrong, and what is allowed.</summary>
    public override string ToString() => Fault switch
    {
        ItemFault.None => "Nothing is wrong with the item.",
        ItemFault.EnvelopeLength => Say($"The item is {Found} bytes long; at most {ItemEnvelope.MaxLength} are allowed."),
        ItemFault.EnvelopeForm => Say($"The item is no dictionary in canonical bencode: byte {Found} is wrong or missing."),
        ItemFault.EnvelopeKind => $"The item's field 'bep' is not {ItemEnvelope.Bep}.",
        ItemFault.FieldUnknown => Say($"The item has a field at byte {Found} that items do not have; bep, k, salt, seq, sig and v are allowed."),
        ItemFault.FieldMissing => "The item lacks a field: an immutable one has v, a mutable one k, seq, sig and v, and none has an empty salt.",
        ItemFault.PublicKeyLength => Say($"The public key is {Found} bytes long; {Item.PublicKeyLength} are needed."),
        ItemFault.SaltLength => Say($"The salt is {Found} bytes long; at most {Item.MaxSaltLength} are allowed."),
        ItemFault.SeqNegative => Say($"The sequence number is {Found}; 0 to {long.MaxValue} is allowed."),
        ItemFault.SeqTooWide => Say($"The sequence number has more than 64 bits; 0 to {long.MaxValue} is allowed."),
        ItemFault.SignatureLength => Say($"The signature is {Found} bytes long; {Item.SignatureLength} are needed."),
        ItemFault.ValueLength => Say($"The value is {Found} bytes long in bencode; at most {Item.MaxValueLength} are allowed."),
        ItemFault.ValueForm => Say(
            $"The value is not one value in canonical bencode of at most {Item.MaxValueDepth} levels: byte {Found} is wrong or missing."),
        ItemFault.WrongKey => "The key is not that of the item: the SHA-1 of public key and salt, or of an immutable item's value.",
        ItemFault.SignatureInvalid => "The signature is not one of this public key for this salt, sequence number and value.",
    };

    private static string Say(FormattableString sentence) => sentence.ToString(CultureInfo.InvariantCulture);
}

/// <summary>What may be wrong with an item (BEP 44).</summary>
public enum ItemFault
{
    /// <summary>Nothing.</summary>
    None,

    /// <summary>The bytes of the whole item are more than an item can have: found is their length.</summary>
    EnvelopeLength,

    /// <summary>The bytes of the whole item are not canonical bencode: found is the place.</summary>
    EnvelopeForm,

    /// <summary>They name another specification than BEP 44.</summary>
    EnvelopeKind,

    /// <summary>They have a field that items do not have: found is its place.</summary>
    FieldUnknown,

    /// <summary>They lack a field, or have one that is left out where it is empty.</summary>
    FieldMissing,

    /// <summary>The public key has another length than one of Ed25519: found is its length.</summary>
    PublicKeyLength,

    /// <summary>The salt is too long: found is its length.</summary>
    SaltLength,

    /// <summary>The sequence number is below 0: found is the number.</summary>
    SeqNegative,

    /// <summary>The sequence number has more than 64 bits.</summary>
    SeqTooWide,

    /// <summary>The signature has another length than one of Ed25519: found is its length.</summary>
    SignatureLength,

    /// <summary>The value is too long: found is its length in bencode.</summary>
    ValueLength,

    /// <summary>The value is not one value in canonical bencode, or has too many levels: found is the place.</summary>
    ValueForm,

    /// <summary>The item belongs to another key than the one that it is offered for.</summary>
    WrongKey,

    /// <summary>The owner of the public key did not sign this salt, sequence number and value.</summary>
    SignatureInvalid,
}
