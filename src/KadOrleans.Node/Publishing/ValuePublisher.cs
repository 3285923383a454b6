using KadOrleans.Core.Items;

namespace KadOrleans.Node;

/// <summary>Stores a value on the k nodes nearest to its key (Kademlia §2.3), and here if this node, or one that has its store, is one of them.</summary>
internal sealed class ValuePublisher(
    LookupRunner lookups, ValueStorer storer, IKeyStore store, NodeId ownId, SiblingIds siblings, KadNodeOptions options, TimeProvider time)
{
    /// <summary>How many later values are sent after one that they replaced while it went out. Whoever sets another one after that sends it, too.</summary>
    public const int MaxCorrections = 3;

    /// <summary>A value with a life replaces what ends sooner and what strangers stored; one without, all.</summary>
    public async Task<SetResult> SetAsync(
        NodeId key, DhtValue value, TimeSpan? life, bool keepsCopy, long version, CancellationToken cancellationToken)
    {
        StoreRules.ThrowIfRefused(value);
        var holders = await FindHoldersAsync(key, cancellationToken);
        return keepsCopy
            ? await StoreAsync(key, value, life, holders, TermsOf(life, version), cancellationToken)
            : await SendAsync(key, SentValue.OfWrite(value, life), holders, cancellationToken);
    }

    /// <summary>The terms of a program's put, with the version that it has; 0: the store gives it one.</summary>
    public static PutTerms TermsOf(TimeSpan? life, long version) =>
        new(life is null ? PutKind.Publication : PutKind.WithLife) { IsWrite = true, Version = version };

    /// <summary>Looks up the contacts nearest to a key.</summary>
    /// <exception cref="OperationCanceledException">Cancelled: the contacts of such a lookup are not the nearest.</exception>
    public async Task<LookupOutcome> FindHoldersAsync(NodeId key, CancellationToken cancellationToken)
    {
        var outcome = await lookups.RunAsync(key, LookupKind.Node, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        return outcome;
    }

    /// <summary>Stores a value here if this node, or one that has its store, is one of the nearest, and then on the contacts that were found.</summary>
    /// <returns>Nothing is sent if the store here did not decide, or decided that another value stays.</returns>
    public async Task<SetResult> StoreAsync(
        NodeId key,
        DhtValue value,
        TimeSpan? life,
        LookupOutcome holders,
        PutTerms terms,
        CancellationToken cancellationToken,
        ContactPass? pass = null)
    {
        var local = await StoreLocallyAsync(key, value, life, holders.Closest, terms, cancellationToken);
        if (!IsSentAfter(local, life))
        {
            return new SetResult { Local = local, Lookup = holders };
        }

        var sent = new SentValue(value, life) { IsChosen = terms.Kind == PutKind.WithLife, IsAuthored = true };
        var result = await SendAsync(key, sent, holders, cancellationToken, pass);
        return result with { Local = local };
    }

    /// <summary>Stores a value of this node's here, wherever its key is.</summary>
    public ValueTask<StoreResult> StoreHereAsync(NodeId key, DhtValue value, long version, CancellationToken cancellationToken) =>
        StoreHereAsync(key, value, life: null, new PutTerms(PutKind.Publication) { Version = version }, cancellationToken);

    /// <summary>
    /// Whether a value goes out once the store here has decided this. It does not if another one stays or may stay: this node goes on to return
    /// that, and would publish it over what others had stored.
    /// </summary>
    public static bool IsSentAfter(StoreResult? local, TimeSpan? life) =>
        local is not { } decided
        || !(decided.IsUndecided()
            || decided.IsRefusalOfItem()
            || decided == StoreResult.Superseded
            || (life is not null && decided == StoreResult.Outdated));

    /// <summary>Sends a value to the contacts that were found.</summary>
    /// <param name="key">The key.</param>
    /// <param name="value">The value.</param>
    /// <param name="holders">The contacts.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    /// <param name="pass">Of upkeep: the contacts that have room for it; it goes to no others.</param>
    public async Task<SetResult> SendAsync(
        NodeId key, SentValue value, LookupOutcome holders, CancellationToken cancellationToken, ContactPass? pass = null)
    {
        pass?.Begin();
        var result = await storer.StoreAsync(key, value, pass?.Contacts ?? holders.Closest, pass is null ? null : pass.End, cancellationToken);
        return result with { Lookup = holders };
    }

    /// <summary>
    /// Sends a value that is held here, and after it what replaced it while it went out: a late retry may have reached contacts after that.
    /// </summary>
    /// <returns><see cref="StoreResult.Superseded"/> if it is not held any more: whoever stored another one sends that.</returns>
    /// <exception cref="KeyStoreException">The store did not answer.</exception>
    public async Task<SetResult> SpreadAsync(
        NodeId key, DhtValue value, TimeSpan? life, LookupOutcome holders, CancellationToken cancellationToken)
    {
        if ((await store.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken))?.Value != value)
        {
            return new SetResult { Local = StoreResult.Superseded, Lookup = holders };
        }

        var result = await SendAsync(key, SentValue.OfWrite(value, life), holders, cancellationToken);
        for (var i = 0; i < MaxCorrections; i++)
        {
            var now = time.GetUtcNow();
            if (await store.GetCurrentAsync(key, now, cancellationToken) is not { } held || held.Value == value)
            {
                break;
            }

            value = held.Value;
            life = held.PublishedAt is null ? options.Kademlia.LifeOf(held, now) : null;
            await SendAsync(
                key, SentValue.OfHeld(held, life) with { IsChosen = life is not null && held.Source.IsTrusted }, holders, cancellationToken);
        }

        return result;
    }

    private async Task<StoreResult?> StoreLocallyAsync(
        NodeId key, DhtValue value, TimeSpan? life, IReadOnlyList<Contact> closest, PutTerms terms, CancellationToken cancellationToken)
    {
        if (!RepublishPolicy.IsAmongNearest(siblings.NearestTo(key, ownId), key, [.. closest], options.Kademlia.BucketSize)
            && !await IsOfKeptAsync(key, value, cancellationToken))
        {
            return null;
        }

        return await StoreHereAsync(key, value, life, terms, cancellationToken);
    }

    private ValueTask<StoreResult> StoreHereAsync(NodeId key, DhtValue value, TimeSpan? life, PutTerms terms, CancellationToken cancellationToken)
    {
        var now = time.GetUtcNow();
        var stored = new StoredValue(value, now, now + options.Kademlia.Bound(life), SourceNetwork.Trusted)
        {
            IsAuthored = true,
            Version = terms.Version,
        };
        return store.PutAsync(key, stored, terms, cancellationToken);
    }

    // What is kept for its owner is here wherever its key is, and follows him.
    private async ValueTask<bool> IsOfKeptAsync(NodeId key, DhtValue value, CancellationToken cancellationToken) =>
        ItemEnvelope.IsItemLike(value) && await store.GetCurrentAsync(key, time.GetUtcNow(), cancellationToken) is { IsKept: true };
}
