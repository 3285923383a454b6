namespace KadOrleans.Node;

/// <summary>
/// Sends what was stored elsewhere in the cluster, or by the network, while an older value went out: of that, a late retry may have reached
/// contacts after the newer value.
/// </summary>
internal sealed class Corrections(
    DhtNode node, IKeyStore store, IPublicationStore publications, HolderStores stores, PublicationSender sender, TimeProvider time)
{
    /// <summary>A cluster's shard answers by then, though its silo has died.</summary>
    private const int MaxTries = 12;

    /// <summary>Between two tries to read what has replaced a value, while the store does not answer.</summary>
    private static readonly TimeSpan Pause = TimeSpan.FromSeconds(5);

    /// <summary>Sends what has replaced a value, if that was sent or is known to be replaced. Null is one that was not sent.</summary>
    /// <returns>What became of the value, or of what was sent in place of a kept item.</returns>
    public async Task<SendOutcome> CompleteAsync(NodeId key, SendAttempt? attempt, CancellationToken cancellationToken)
    {
        if (attempt is null)
        {
            return SendOutcome.NotSent;
        }

        if (attempt.Outcome == SendOutcome.Replaced)
        {
            return await SendLatestAsync(key, attempt, cancellationToken);
        }

        if (attempt.Outcome is SendOutcome.Unanswered or SendOutcome.Refused or SendOutcome.Open)
        {
            await SendLatestAsync(key, attempt, cancellationToken);
        }

        return attempt.Outcome;
    }

    /// <summary>What became of the last value that it sent; <see cref="SendOutcome.NotSent"/> if it sent none.</summary>
    private async Task<SendOutcome> SendLatestAsync(NodeId key, SendAttempt attempt, CancellationToken cancellationToken)
    {
        var (sent, sends, tries, last) = (attempt.Value, 0, 0, SendOutcome.NotSent);
        while (sends < ValuePublisher.MaxCorrections && tries < MaxTries)
        {
            try
            {
                var found = await node.Turns.RunAsync(
                    key, () => SendIfOtherAsync(key, sent, attempt.Publication, attempt.Holders, cancellationToken), cancellationToken);
                if (found is not { } next)
                {
                    return last;
                }

                if (next.Value != sent)
                {
                    (sent, last, sends) = (next.Value, next.Outcome, sends + 1);
                    continue;
                }
            }
            catch (KeyStoreException) when (tries + 1 < MaxTries)
            {
                // It is tried again, as what has changed before it was sent.
            }

            // Mostly it was confirmed by who had set it, and is there to be sent.
            await Task.Delay(++tries == 1 ? TimeSpan.Zero : Pause, time, cancellationToken);
        }

        return last;
    }

    // The value that it sent, and what became of it; what was sent before if it could not send the other one. Null if the key has no other. A
    // publication of before goes out when it is due, once the network was asked: what was sent may be the value that others have published since.
    private async Task<(DhtValue Value, SendOutcome Outcome)?> SendIfOtherAsync(
        NodeId key, DhtValue sent, Publication? before, LookupOutcome holders, CancellationToken cancellationToken)
    {
        if (await publications.GetAsync(key, cancellationToken) is { } publication && publication != before)
        {
            if (publication.Value == sent)
            {
                return null;
            }

            var published = await sender.SendInTurnAsync(key, publication, holders, pass: null, cancellationToken);
            return (published == SendOutcome.NotSent ? sent : publication.Value, published);
        }

        var now = time.GetUtcNow();
        if (await store.GetCurrentAsync(key, now, cancellationToken) is not { } held || held.Value == sent)
        {
            return null;
        }

        var value = SentValue.OfHeld(held, node.Options.Kademlia.LifeOf(held, now)) with { IsChosen = held.Source.IsTrusted };
        var result = await node.Publisher.SendAsync(key, value, holders, cancellationToken);
        return (held.Value, stores.OutcomeOf(result));
    }
}
