using KadOrleans.Core.Items;

namespace KadOrleans.Core.Values;

/// <summary>
/// Decides puts of keys that hold a signed item, or are offered one (ADR 45). Who sends an item, by which token, how often, and how long it lives
/// does not matter: its owner's signature and number do. Quotas and room hold for items as for any value.
/// </summary>
internal static class ItemPut
{
    /// <summary>
    /// The life of a trusted source's STORE from which on it counts as one for a kept item: who keeps that need not send it within the hour. Of
    /// holders whose own lives end sooner it has to, so that these begin anew.
    /// </summary>
    public static readonly TimeSpan LifeThatCounts = TimeSpan.FromDays(1);

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

        if (item is { Item.IsMutable: false } && held is null && old is not null && IsHeld(old, offered))
        {
            // It has no owner: anybody can make one whose key is that of a text, and what is there is protected as from any value.
            return null;
        }

        var decision = item is null ? ItemRule.DecideUnsigned(held) : ItemRule.Decide(item, held, terms.Condition?.Seq);
        if (terms.Condition is { } condition
            && !condition.IsMet(old, offered)
            && !(decision == ItemDecision.Renew && condition.IsDoneByHolding(offered.Value)))
        {
            return StoreDecision.Refuse(StoreResult.Superseded);
        }

        // It is its keeper's, whoever stored it before: as a stranger's its keeper's own sendings would not count.
        var put = offered.IsKept ? offered with { Source = SourceNetwork.Trusted } : offered;
        return decision switch
        {
            ItemDecision.Store => Store(key, held is null ? null : old, put, terms, accounts, slot),
            ItemDecision.Renew => Renew(old!, put, terms, accounts),
            ItemDecision.OlderSeq or ItemDecision.SameSeq or ItemDecision.CasMismatch or ItemDecision.OwnedByAnother or ItemDecision.Unsigned =>
                StoreDecision.Refuse(RefusalOf(decision)),
            _ => throw new ArgumentOutOfRangeException(nameof(terms), decision, "Unknown decision."),
        };
    }

    /// <summary>Why a value must not take the place of an item by the rule of items; null if it may, or if no item is there.</summary>
    /// <param name="key">The key of both.</param>
    /// <param name="held">The item that is held or published.</param>
    /// <param name="offered">The value. If it is an item it was checked.</param>
    public static StoreResult? FindRefusal(NodeId key, CheckedItem? held, DhtValue offered)
    {
        if (held is null)
        {
            return null;
        }

        var decision = CheckedItem.OfChecked(key, offered) is { } item
            ? ItemRule.Decide(item, held)
            : ItemRule.DecideUnsigned(held);
        return decision is ItemDecision.Store or ItemDecision.Renew ? null : RefusalOf(decision);
    }

    private static StoreResult RefusalOf(ItemDecision decision) => decision switch
    {
        ItemDecision.OlderSeq or ItemDecision.SameSeq => StoreResult.OlderItem,
        ItemDecision.CasMismatch => StoreResult.Superseded,
        ItemDecision.OwnedByAnother or ItemDecision.Unsigned => StoreResult.NotOwner,
        _ => throw new ArgumentOutOfRangeException(nameof(decision), decision, "It is no refusal."),
    };

    // A cluster's publication is held until it is unpublished: its shard has no other record of it.
    private static bool IsHeld(StoredValue old, StoredValue offered) => !old.IsExpired(offered.StoredAt) || StoreDecision.IsPublished(old);

    private static bool IsOf(CheckedItem? item, NodeId key, DhtValue value) =>
        item is not null && item.Item.Key == key && item.Item.Envelope.Span.SequenceEqual(value.AsBytes().Span);

    // It lives at least as long as the item before: else whoever sends it first with a life that is about to end would end it. A cluster's
    // publication of the item before ends, and who keeps that for its owner keeps this.
    private static StoreDecision Store(
        NodeId key, StoredValue? before, StoredValue offered, PutTerms terms, StoreAccounts accounts, int slot)
    {
        var isFollowed = before is { IsKept: true } && !offered.IsKept;
        var stored = Placed(before, accounts, offered with
        {
            IsKept = IsKept(before, offered, terms),
            ExpiresAt = EndOf(before, offered, terms),
            Source = isFollowed ? before!.Source : offered.Source,
            IsFar = offered.IsFar && !isFollowed && before is not { IsFar: false },
            IsAuthored = offered.IsAuthored || isFollowed,
            PublishedAt = PublicationOf(before: null, offered, terms),
        });

        // One that is still kept though its time is over, until the next look, follows too.
        if (offered.IsKept ? offered.ExpiresAt <= offered.StoredAt : terms.Kind != PutKind.Import && stored.IsExpired(stored.StoredAt))
        {
            return StoreDecision.Refuse(StoreResult.Outdated);
        }

        if (FindRefusal(before, stored, accounts) is { } refusal)
        {
            return StoreDecision.Refuse(refusal);
        }

        var result = accounts.FindRoom(key, slot, StoreShare.Of(stored), isNext: before is not null, out var evicted);
        return result == StoreResult.Stored
            ? new StoreDecision(result, stored, true) { Evicted = evicted }
            : StoreDecision.Refuse(result);
    }

    // What is held stays, byte for byte, and nobody shortens its life, as anybody may have sent it. Its source changes as that of other values.
    private static StoreDecision Renew(StoredValue old, StoredValue offered, PutTerms terms, StoreAccounts accounts)
    {
        var isTakenOver = offered.Source.IsTrusted && terms.Kind != PutKind.Copy;
        var isOwn = StoreDecision.IsOwn(old, offered);
        var touched = Placed(old, accounts, old with
        {
            StoredAt = StoreDecision.IsLater(old, offered) && (offered.IsKept || Counts(old, offered)) ? offered.StoredAt : old.StoredAt,
            IsKept = IsKept(old, offered, terms),
            IsFar = old.IsFar && offered.IsFar,
            Source = isTakenOver || (isOwn && !old.IsKept) ? offered.Source : old.Source,
            IsAuthored = old.IsAuthored || (offered.IsAuthored && (isTakenOver || isOwn)),
            PublishedAt = PublicationOf(old, offered, terms),
        });
        if (FindRefusal(old, touched, accounts) is { } refusal)
        {
            return StoreDecision.Refuse(refusal);
        }

        var end = EndOf(old, offered, terms);
        var isWritten = (touched.IsKept || old.IsKept ? end != old.ExpiresAt : end - old.ExpiresAt > StoreDecision.NegligibleLife)
            || touched.IsKept != old.IsKept
            || touched.PublishedAt != old.PublishedAt
            || touched.IsFar != old.IsFar
            || touched.Source != old.Source
            || touched.IsAuthored != old.IsAuthored;
        return new StoreDecision(StoreResult.Stored, isWritten ? touched with { ExpiresAt = end } : touched, isWritten);
    }

    // An item becomes near as any value does, but only while its owner has room among his near ones: else he could fill his share of far ones by an
    // edge that is far from them, have all made near by another, and fill it anew.
    private static StoredValue Placed(StoredValue? before, StoreAccounts accounts, StoredValue after) =>
        before is { IsFar: true } && !after.IsFar && !accounts.HasOwnerRoom(StoreShare.Of(after), isFar: false) ? after with { IsFar = true } : after;

    private static bool IsKept(StoredValue? before, StoredValue offered, PutTerms terms) =>
        offered.IsKept || (before is { IsKept: true } && terms.Condition is not { KeptUntil: not null });

    // Whoever keeps the item says until when, and an import does not make that earlier. Nobody else changes it.
    private static DateTimeOffset EndOf(StoredValue? before, StoredValue offered, PutTerms terms) => (before, offered) switch
    {
        (null, _) => offered.ExpiresAt,
        ({ IsKept: true }, { IsKept: false }) => terms.Condition is { KeptUntil: not null } ? offered.ExpiresAt : before.ExpiresAt,
        ({ IsKept: true }, { IsKept: true }) => terms.Kind == PutKind.Import ? Later(before.ExpiresAt, offered.ExpiresAt) : offered.ExpiresAt,
        (_, { IsKept: true }) => offered.ExpiresAt,
        _ => Later(before.ExpiresAt, offered.ExpiresAt),
    };

    // Whether a STORE shows that others have the item for a while. A kept one ends far later than any STORE, and may have nobody else who sends it:
    // a stranger could have it forgotten by storing it here alone.
    private static bool Counts(StoredValue old, StoredValue offered) => old.IsKept
        ? offered.Source.IsTrusted && (offered.ExpiresAt >= old.ExpiresAt || offered.LifeLeft(offered.StoredAt) >= LifeThatCounts)
        : offered.ExpiresAt - old.ExpiresAt >= -StoreDecision.NegligibleLife;

    private static StoreResult? FindRefusal(StoredValue? before, StoredValue after, StoreAccounts accounts) =>
        after.IsKept && before is not { IsKept: true } && accounts.KeptKeys >= accounts.Quota.KeptKeys ? StoreResult.KeptQuotaExceeded : null;

    private static DateTimeOffset? PublicationOf(StoredValue? before, StoredValue offered, PutTerms terms) =>
        terms.Condition is { EndsPublication: true } ? null : offered.PublishedAt ?? before?.PublishedAt;

    private static DateTimeOffset Later(DateTimeOffset one, DateTimeOffset other) => one > other ? one : other;
}
