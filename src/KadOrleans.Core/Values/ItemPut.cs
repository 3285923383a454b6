using KadOrleans.Core.Items;

namespace KadOrleans.Core.Values;

/// <summary>
/// Decides puts of keys that hold a signed item, or are offered one (ADR 45). Who sends an item, by which token, how often, and how long it lives
/// does not matter: its owner's signature and number do. Quotas and room hold for items as for any value.
/// </summary>
internal static class ItemPut
{
    /// <summary>Null where the rules of other values decide: then it has compared ten bytes of each value, and allocated nothing.</summary>
    public static StoreDecision? Decide(
        NodeId key, StoredValue? old, StoredValue offered, PutTerms terms, StoreAccounts accounts, int slot)
    {
        var isItem = ItemEnvelope.IsItemLike(offered.Value);
        var held = old is not null && IsHeld(old, offered) ? CheckedItem.OfChecked(key, old.Value) : null;
        if (!isItem && held is null)
        {
            return null;
        }

        var item = isItem ? terms.Item : null;
        if (isItem && !IsOf(item, key, offered.Value))
        {
            return StoreDecision.Refuse(StoreResult.InvalidItem);
        }

        var decision = item is null ? ItemRule.DecideUnsigned(held) : ItemRule.Decide(item, held, terms.Condition?.Seq);
        if (terms.Condition is { } condition
            && !condition.IsMet(old, offered)
            && !(decision == ItemDecision.Renew && condition.IsDoneByHolding(offered.Value)))
        {
            return StoreDecision.Refuse(StoreResult.Superseded);
        }

        return decision switch
        {
            ItemDecision.Store => Store(key, held is null ? null : old, offered, terms, accounts, slot),
            ItemDecision.Renew => Renew(old!, offered, terms),
            ItemDecision.OlderSeq or ItemDecision.SameSeq => StoreDecision.Refuse(StoreResult.OlderItem),
            ItemDecision.CasMismatch => StoreDecision.Refuse(StoreResult.Superseded),
            ItemDecision.OwnedByAnother or ItemDecision.Unsigned => StoreDecision.Refuse(StoreResult.NotOwner),
            _ => throw new ArgumentOutOfRangeException(nameof(terms), decision, "Unknown decision."),
        };
    }

    // A cluster's publication is held until it is unpublished: its shard has no other record of it.
    private static bool IsHeld(StoredValue old, StoredValue offered) => !old.IsExpired(offered.StoredAt) || StoreDecision.IsPublished(old);

    private static bool IsOf(CheckedItem? item, NodeId key, DhtValue value) =>
        item is not null && item.Item.Key == key && item.Item.Envelope.Span.SequenceEqual(value.AsBytes().Span);

    // It lives at least as long as the item before: else whoever sends it first with a life that is about to end would end it. A cluster's
    // publication of the item before ends.
    private static StoreDecision Store(
        NodeId key, StoredValue? before, StoredValue offered, PutTerms terms, StoreAccounts accounts, int slot)
    {
        var stored = offered with
        {
            ExpiresAt = before is null ? offered.ExpiresAt : Later(before.ExpiresAt, offered.ExpiresAt),
            PublishedAt = PublicationOf(before: null, offered, terms),
        };
        if (terms.Kind != PutKind.Import && stored.IsExpired(stored.StoredAt))
        {
            return StoreDecision.Refuse(StoreResult.Outdated);
        }

        var result = accounts.FindRoom(key, slot, StoreShare.Of(stored), out var evicted);
        return result == StoreResult.Stored
            ? new StoreDecision(result, stored, true) { Evicted = evicted }
            : StoreDecision.Refuse(result);
    }

    // What is held stays, byte for byte, and nobody shortens its life, as anybody may have sent it. Its source changes as that of other values.
    private static StoreDecision Renew(StoredValue old, StoredValue offered, PutTerms terms)
    {
        var isTakenOver = offered.Source.IsTrusted && terms.Kind != PutKind.Copy;
        var isOwn = StoreDecision.IsOwn(old, offered);
        var longer = offered.ExpiresAt - old.ExpiresAt;
        var touched = old with
        {
            StoredAt = StoreDecision.IsLater(old, offered) && longer >= -StoreDecision.NegligibleLife ? offered.StoredAt : old.StoredAt,
            IsFar = old.IsFar && offered.IsFar,
            Source = isTakenOver || isOwn ? offered.Source : old.Source,
            IsAuthored = old.IsAuthored || (offered.IsAuthored && (isTakenOver || isOwn)),
            PublishedAt = PublicationOf(old, offered, terms),
        };
        var isWritten = longer > StoreDecision.NegligibleLife
            || touched.PublishedAt != old.PublishedAt
            || touched.IsFar != old.IsFar
            || touched.Source != old.Source
            || touched.IsAuthored != old.IsAuthored;
        return new StoreDecision(
            StoreResult.Stored, isWritten ? touched with { ExpiresAt = Later(old.ExpiresAt, offered.ExpiresAt) } : touched, isWritten);
    }

    private static DateTimeOffset? PublicationOf(StoredValue? before, StoredValue offered, PutTerms terms) =>
        terms.Condition is { EndsPublication: true } ? null : offered.PublishedAt ?? before?.PublishedAt;

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
