using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Maintenance;
using KadOrleans.Core.Values;
using KadOrleans.Node.Lookups;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node.Values;

/// <summary>Stores a value on the k nodes nearest to its key (Kademlia §2.3), and here if this node is one of them.</summary>
internal sealed class ValuePublisher(
    LookupRunner lookups, ValueStorer storer, IKeyStore store, NodeId ownId, KadNodeOptions options, TimeProvider time)
{
    /// <summary>
    /// Stores a publication, which replaces what is held. A value with a life replaces what ends sooner, and what strangers stored.
    /// </summary>
    public async Task<SetResult> SetAsync(
        NodeId key, DhtValue value, TimeSpan? life, bool keepsCopy, CancellationToken cancellationToken)
    {
        StoreRules.ThrowIfRefused(value);
        var outcome = await lookups.RunAsync(key, LookupKind.Node, cancellationToken);

        // The contacts of a cancelled lookup are not the nearest.
        cancellationToken.ThrowIfCancellationRequested();
        var local = keepsCopy ? await StoreLocallyAsync(key, value, life, outcome.Closest, cancellationToken) : null;
        if (local?.IsUndecided() == true || (life is not null && local is StoreResult.Outdated))
        {
            // This node goes on to return what it holds, and would publish it over what others had stored.
            return new SetResult { Local = local, Lookup = outcome };
        }

        var tally = await storer.StoreAsync(key, value, life, outcome.Closest, isChosen: life is not null, cancellationToken);
        return new SetResult
        {
            Stored = tally.Stored,
            Refused = tally.Refused,
            Failed = tally.Failed,
            Local = local,
            Lookup = outcome,
        };
    }

    /// <summary>Stores a held value, with its remaining life, on the k nearest contacts. Does not change the copy here.</summary>
    public async Task<SetResult> SpreadAsync(NodeId key, StoredValue held, CancellationToken cancellationToken)
    {
        var outcome = await lookups.RunAsync(key, LookupKind.Node, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        var tally = await storer.StoreAsync(
            key, held.Value, held.LifeLeft(time.GetUtcNow()), outcome.Closest, isChosen: false, cancellationToken);
        return new SetResult { Stored = tally.Stored, Refused = tally.Refused, Failed = tally.Failed, Lookup = outcome };
    }

    private async Task<StoreResult?> StoreLocallyAsync(
        NodeId key, DhtValue value, TimeSpan? life, IReadOnlyList<Contact> closest, CancellationToken cancellationToken)
    {
        if (!RepublishPolicy.IsAmongNearest(ownId, key, [.. closest], options.Kademlia.BucketSize))
        {
            return null;
        }

        var now = time.GetUtcNow();
        var stored = new StoredValue(value, now, now + options.Kademlia.Bound(life), SourceNetwork.Trusted);
        return await store.PutAsync(key, stored, life is null ? PutKind.Publication : PutKind.WithLife, cancellationToken);
    }
}
