namespace KadOrleans.Core.Items;

/// <summary>
/// Which of two values of a key stays where one of them is an item. It does not ask who sent them, when they came, or how long they live: so
/// nodes that were offered the same items hold the same in the end, in whatever order the items came.
/// </summary>
internal static class ItemRule
{
    /// <summary>Decides an item that is offered for a key.</summary>
    /// <param name="offered">The item.</param>
    /// <param name="held">The item that is held of the key; null if nothing is, or a value that is no item.</param>
    /// <param name="cas">The sequence number that the held item must have (BEP 44, "CAS"); null for any. Where no item with an owner is held it does not matter.</param>
    public static ItemDecision Decide(CheckedItem offered, CheckedItem? held, long? cas = null) =>
        held is null ? ItemDecision.Store
        : !IsOfSameOwner(held.Item, offered.Item) ? DecideBetweenOwners(held.Item, offered.Item)
        : !offered.Item.IsMutable ? ItemDecision.Renew
        : DecideBySeq(held.Item, offered.Item, cas);

    /// <summary>Decides a value that is no item and is offered for a key.</summary>
    /// <param name="held">The item that is held of the key; null if nothing is, or a value that is no item.</param>
    /// <returns><see cref="ItemDecision.Store"/> where the rules of such values decide.</returns>
    public static ItemDecision DecideUnsigned(CheckedItem? held) => held is null ? ItemDecision.Store : ItemDecision.Unsigned;

    // The one that is held already comes first: its sender may send it again under a condition, as no answer came back.
    private static ItemDecision DecideBySeq(Item held, Item offered, long? cas) =>
        offered.Seq == held.Seq && offered.Value.Span.SequenceEqual(held.Value.Span) ? ItemDecision.Renew
        : cas is { } expected && expected != held.Seq ? ItemDecision.CasMismatch
        : offered.Seq < held.Seq ? ItemDecision.OlderSeq
        : offered.Seq == held.Seq ? ItemDecision.SameSeq
        : ItemDecision.Store;

    // Anybody can make an immutable item of a public key and a salt that happen to be bencode together, which has the key of the owner's item. Nobody
    // can make a public key, of which he has the secret, of another's immutable item. Two owners have one key only by a collision of SHA-1.
    private static ItemDecision DecideBetweenOwners(Item held, Item offered) =>
        offered.IsMutable && !held.IsMutable ? ItemDecision.Store : ItemDecision.OwnedByAnother;

    private static bool IsOfSameOwner(Item held, Item offered) =>
        held.IsMutable == offered.IsMutable
        && (held.IsMutable
            ? held.PublicKey.Span.SequenceEqual(offered.PublicKey.Span) && held.Salt.Span.SequenceEqual(offered.Salt.Span)
            : held.Value.Span.SequenceEqual(offered.Value.Span));
}

/// <summary>What becomes of a value that is offered for a key.</summary>
internal enum ItemDecision
{
    /// <summary>It is stored, and replaces what is held.</summary>
    Store,

    /// <summary>It is what is held: that stays, byte for byte, and lives as long as if it had come now.</summary>
    Renew,

    /// <summary>The owner has signed a higher sequence number (BEP 44, error 302).</summary>
    OlderSeq,

    /// <summary>The owner has signed another value with the same sequence number: the first stays, and he has to take a higher one.</summary>
    SameSeq,

    /// <summary>The held item has not the sequence number that the sender expects (BEP 44, error 301).</summary>
    CasMismatch,

    /// <summary>The held item has another owner, or an owner where the offered one has none.</summary>
    OwnedByAnother,

    /// <summary>The held item is one, and the offered value is none.</summary>
    Unsigned,
}
