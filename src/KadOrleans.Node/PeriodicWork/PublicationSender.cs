namespace KadOrleans.Node;

/// <summary>
/// Sends a publication that is due with a full life (Kademlia §2.5), unless the network holds a later value: then it ends the publication, and
/// holds that value in its place.
/// </summary>
internal sealed class PublicationSender(
    DhtNode node,
    IKeyStore store,
    IPublicationStore publications,
    SweepLookups lookups,
    HolderStores stores,
    DueValues due,
    PublicationTimes times,
    LaterValues laterValues,
    PresentClock clock,
    TimeProvider time)
{
    private KademliaOptions Kademlia => node.Options.Kademlia;

    /// <summary>Asks the k nearest what they have, and sends the publication to them in the key's turn if it is still the same.</summary>
    /// <returns>Null if the network has a later value.</returns>
    public async Task<SendAttempt?> SendAsync(SweptKey swept, Publication publication, int keysNear, CancellationToken cancellationToken)
    {
        var key = swept.Key;
        if (!publication.IsPending)
        {
            await stores.WaitForUploadAsync(publication.Value, queries: Kademlia.BucketSize, cancellationToken);
        }

        // Before anybody is asked, as contacts that do not respond are dropped.
        var known = Math.Min(node.RoutingTable.Count, Kademlia.BucketSize);
        var holders = await lookups.FindHoldersAsync(key, keysNear, cancellationToken);

        // Read before the network is asked: what it answers replaces this, and nothing that was stored since.
        var held = await store.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken);
        if (await laterValues.FindAsync(key, publication, held, holders, known, cancellationToken) is { } later)
        {
            await node.Turns.RunAsync(key, () => EndAsync(key, publication, held, later, cancellationToken), cancellationToken);
            return null;
        }

        using var pass = await stores.EnterAsync(key, holders, cancellationToken);
        node.Sweeps.RaiseLateness(swept, due.GetLateness(publication));
        var outcome = await node.Turns.RunAsync(key, () => SendInTurnAsync(key, publication, holders, pass, cancellationToken), cancellationToken);
        return new SendAttempt(outcome, publication.Value, publication, holders);
    }

    /// <summary>Sends a publication if it is still the same, and records that it was sent. Within the key's turn.</summary>
    /// <param name="key">The key.</param>
    /// <param name="publication">The publication as it was read.</param>
    /// <param name="holders">The k nearest.</param>
    /// <param name="pass">Those that have room. Null: it goes to all holders, and nobody takes the place of one that does not answer.</param>
    /// <param name="cancellationToken">Ends the STOREs.</param>
    public async Task<SendOutcome> SendInTurnAsync(
        NodeId key, Publication publication, LookupOutcome holders, ContactPass? pass, CancellationToken cancellationToken)
    {
        if (await publications.GetAsync(key, cancellationToken) != publication)
        {
            return SendOutcome.NotSent;
        }

        var terms = new PutTerms(PutKind.Publication) { Condition = publications.GetCondition(publication), Version = publication.Version };
        var life = FindLife(publication);
        var value = new SentValue(publication.Value, life) { IsAuthored = true };
        var result = await node.Publisher.StoreAsync(key, publication.Value, life, holders, terms, cancellationToken, pass);
        if (result.Local == StoreResult.StorageFailed && terms.Condition is null && await HoldsNoOtherAsync(key, publication.Value, cancellationToken))
        {
            // The disk is full or has failed. What was read is published still: nobody but this node changes it, in the key's turn.
            result = await node.Publisher.SendAsync(key, value, holders, cancellationToken, pass);
        }

        if (life is not null && result.Local == StoreResult.Outdated)
        {
            // What was set later stands.
            await times.RecordSentAsync(key, publication, cancellationToken);
            return SendOutcome.Refused;
        }

        if (!ValuePublisher.IsSentAfter(result.Local, life))
        {
            return SendOutcome.NotSent;
        }

        var others = pass is null
            ? default
            : await stores.SendToOthersAsync(key, value, holders, pass, cancellationToken);
        var outcome = stores.OutcomeOf(result with { Stored = result.Stored + others.Stored, Refused = result.Refused + others.Refused });
        if (outcome == SendOutcome.Unanswered || (outcome == SendOutcome.Refused && result.Local != StoreResult.Stored))
        {
            return outcome;
        }

        if (outcome == SendOutcome.Alone && result.Local != StoreResult.Stored)
        {
            return SendOutcome.NotSent;
        }

        var recorded = await times.RecordSentAsync(key, publication, cancellationToken);
        return outcome == SendOutcome.Alone ? outcome
            : recorded == StoreResult.Stored ? SendOutcome.Recorded
            : SendOutcome.Open;
    }

    // Null stands for a full life. What this node could not send for a while, as it was cut off, has the life that it would have had: of two values
    // that two parts of a network set, the one that was set later stands, as it lives longer.
    private TimeSpan? FindLife(Publication publication)
    {
        var age = time.GetUtcNow() - clock.Convert(publication.PublishedAt);
        return publication.IsPending && age > StoreDecision.LatestStore && age < Kademlia.ValueTimeToLive / 2 ? Kademlia.ValueTimeToLive - age : null;
    }

    // Were another value held, this node would go on to return and to republish that one.
    private async Task<bool> HoldsNoOtherAsync(NodeId key, DhtValue value, CancellationToken cancellationToken) =>
        await store.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken) is not { } held || held.Value == value;

    /// <summary>Ends a publication, and holds the network's value in its place, unless anything was set meanwhile.</summary>
    private async Task<bool> EndAsync(
        NodeId key, Publication publication, StoredValue? held, StoredValue later, CancellationToken cancellationToken)
    {
        if (publications.GetCondition(publication) is { } published)
        {
            // In one put. Between two the client of a cluster might set the key.
            var terms = new PutTerms(PutKind.Publication)
            {
                Condition = published with { EndsPublication = true, StoredBy = held?.StoredAt },
            };
            return await store.PutAsync(key, later with { Source = SourceNetwork.Trusted }, terms, cancellationToken) == StoreResult.Stored;
        }

        var present = await store.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken);
        if (present != held
            || present?.Version != held?.Version
            || await publications.ReplaceAsync(key, publication, after: null, cancellationToken) != StoreResult.Stored)
        {
            return false;
        }

        if (held is not null && held.Value != later.Value)
        {
            var terms = new PutTerms(PutKind.Copy) { Condition = PutCondition.Unchanged(held) };
            await store.PutAsync(key, later with { Source = held.Source }, terms, cancellationToken);
            node.Watches.Post(key, KeyNotice.Changed);
        }

        return true;
    }
}
