namespace KadOrleans.Node;

/// <summary>
/// Sends a held value that is due (Kademlia §2.5) with the life that is left, or a kept item with a full one, and records that it was sent. It is
/// not sent if it, or another one, was stored meanwhile, which is not due.
/// </summary>
internal sealed class HeldValueSender(
    DhtNode node, IKeyStore store, SweepLookups lookups, HolderStores stores, DueValues due, HeldValueTimes times, TimeProvider time)
{
    /// <summary>Finds the value's holders, and sends it to them in the key's turn if it is still due. Without a rule it is.</summary>
    /// <returns>Null if others are its holders.</returns>
    public async Task<SendAttempt?> SendAsync(
        SweptKey swept, StoredValue found, Publication? published, int keysNear, CancellationToken cancellationToken)
    {
        var key = swept.Key;
        var isForHoldersAlone = swept.IsDue is not null && !found.IsKept;
        if (isForHoldersAlone && !due.IsResponsible(key))
        {
            await PassOverAsync(swept, found, cancellationToken);
            return null;
        }

        await stores.WaitForUploadAsync(found.Value, queries: 0, cancellationToken);
        var holders = await lookups.FindHoldersAsync(key, keysNear, cancellationToken);
        if (isForHoldersAlone && !due.IsResponsible(key, holders.Closest))
        {
            await PassOverAsync(swept, found, cancellationToken);
            return null;
        }

        using var pass = await stores.EnterAsync(key, holders, cancellationToken);
        List<Contact> asked = [.. pass.Contacts];
        var outcome = found.IsKept && await AdoptNewerAsync(key, found, pass, cancellationToken) is { } newer
            ? OutcomeAfterNewer(swept, newer)
            : await node.Turns.RunAsync(key, SendIfDueAsync, cancellationToken);

        // What has replaced it goes to those that it went to, or was to.
        return new SendAttempt(outcome, found.Value, published, outcome == SendOutcome.Replaced ? holders with { Closest = asked } : holders);

        async Task<SendOutcome> SendIfDueAsync() =>
            await store.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken) is { } held && held.Value == found.Value
            && swept.IsDue?.Invoke(key, held) != false
                ? await SendInTurnAsync(swept, held, holders, pass, asked, cancellationToken)
                : SendOutcome.NotSent;
    }

    // Unanswered it stays due. Refused by all it rests for an interval: they would refuse it again.
    private async Task<SendOutcome> SendInTurnAsync(
        SweptKey swept, StoredValue held, LookupOutcome holders, ContactPass pass, List<Contact> asked, CancellationToken cancellationToken)
    {
        var key = swept.Key;
        var value = SentValue.OfHeld(held, node.Options.Kademlia.LifeOf(held, time.GetUtcNow()));
        node.Sweeps.RaiseLateness(swept, due.GetLateness(held));
        var sent = await node.Publisher.SendAsync(key, value, holders, cancellationToken, pass);
        var others = await stores.SendToOthersAsync(key, value, holders, pass, cancellationToken);
        var total = sent with { Stored = sent.Stored + others.Stored, Refused = sent.Refused + others.Refused };
        asked.AddRange(others.Answered.Except(asked).ToList());
        var outcome = stores.OutcomeOf(total);
        if (outcome == SendOutcome.Unanswered)
        {
            return outcome;
        }

        if (held.IsKept && total.Refused > 0 && await node.AdoptNewerAsync(key, held, others.Answered, cancellationToken) is { } newer)
        {
            return OutcomeAfterNewer(swept, newer);
        }

        var recorded = await times.RecordSentAsync(key, held, cancellationToken);
        if (recorded is StoreResult.StorageFailed or StoreResult.Busy)
        {
            times.RememberSent(swept);
        }

        return outcome == SendOutcome.Open && recorded == StoreResult.Stored ? SendOutcome.Recorded : outcome;
    }

    // Others are the value's holders, and keep it. A schedule that offers what is due until it is not any more would look for it all the time, and
    // say that nobody has sent it: it is due again after an interval. An edge that has just begun does not know all ids of its cluster.
    private async Task PassOverAsync(SweptKey swept, StoredValue held, CancellationToken cancellationToken)
    {
        if (swept.IsOffered && node.Siblings.AreSettled)
        {
            node.Metrics.Add(NodeMetrics.PassedOver);
            await times.RecordSentAsync(swept.Key, held, cancellationToken);
        }
    }

    // OlderItem: the store has an even newer one by now. Superseded: it has another one, or none, as the key was deleted. Where it has taken none,
    // what it holds is not sent, as others have the newer, and the newer is asked for again when the key is due again.
    private SendOutcome OutcomeAfterNewer(SweptKey swept, StoreResult newer)
    {
        if (newer is StoreResult.Stored or StoreResult.OlderItem or StoreResult.Superseded)
        {
            return SendOutcome.Replaced;
        }

        times.RememberSent(swept);
        return SendOutcome.NotSent;
    }

    // Who keeps an item gets no STORE of a newer one where it is not among the k nearest. Nodes of this project refuse the older one, and are asked
    // then. Others, which give no write tokens, take it in place of the newer, so they are asked before.
    private async Task<StoreResult?> AdoptNewerAsync(NodeId key, StoredValue held, ContactPass pass, CancellationToken cancellationToken)
    {
        var tokens = await Task.WhenAll(pass.Contacts.Select(async contact => await node.Tokens.GetAsync(contact)));
        List<Contact> unaware = [.. pass.Contacts.Zip(tokens).Where(one => one.Second is { IsNone: true }).Select(one => one.First)];
        return unaware.Count > 0 ? await node.AdoptNewerAsync(key, held, unaware, cancellationToken) : null;
    }
}
