using KadOrleans.Core;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Maintenance;
using KadOrleans.Core.Values;
using KadOrleans.Node.Values;

namespace KadOrleans.Node;

/// <content>Values: got from the network and stored on it.</content>
public sealed partial class DhtNode
{
    /// <summary>
    /// Gets the value of a key: the local one if this node is one of the k nearest and stored it itself or for a trusted or private
    /// source. Else it is the one that most holders agree on, and the local one only where they have none: anybody on the Internet
    /// can store one here. A copy is sent to the nearest contact that lacks it (Kademlia
    /// §2.3), for two hours at most, and for minutes if it is none of the k nearest: it will not be told of the next value.
    /// </summary>
    public async Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        var held = await _store.GetAsync(key, _time.GetUtcNow(), cancellationToken);
        if (held is { Source: { IsTrusted: true } or { IsPrivate: true } } && RepublishPolicy.IsResponsible(key, _table.Snapshot, _options.Kademlia.BucketSize))
        {
            return new GetResult(held.Value, null);
        }

        // Nodes that came since have pushed this one out: a newer value is stored on them alone.
        var result = await GetFromContactsAsync(key, cancellationToken);
        return result.Found || held is null ? result : new GetResult(held.Value, result.Lookup);
    }

    /// <summary>The same without a look at what is held here, for callers who have looked.</summary>
    public async Task<GetResult> GetFromContactsAsync(NodeId key, CancellationToken cancellationToken = default)
    {
        var outcome = await _lookups.RunAsync(key, LookupKind.Value, cancellationToken);
        if (outcome is { Value: { } value, CacheAt: { } contact })
        {
            // Its outcome changes nothing here; the request table sees it through.
            _ = _storer.StoreAsync(key, value, RemainingLife.OfCopy(outcome.ValueLife, outcome.CacheBelongs), contact);
        }

        return new GetResult(outcome.Value, outcome);
    }

    /// <summary>
    /// Stores a value on the k nearest contacts, and here if this node is one of the k nearest. A network of one
    /// stores it here.
    /// </summary>
    /// <exception cref="ArgumentException">The value can't be stored anywhere; nothing was sent.</exception>
    /// <exception cref="OperationCanceledException">
    /// Cancelled: during the lookup nothing was stored, later some copies may have been.
    /// </exception>
    public Task<SetResult> SetAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default) =>
        _publisher.SetAsync(key, value, keepsCopy: !_options.ClientOnly, cancellationToken);

    /// <summary>The same without a copy here, for callers who hold one.</summary>
    /// <exception cref="ArgumentException">The value can't be stored anywhere; nothing was sent.</exception>
    public Task<SetResult> SetOnContactsAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default) =>
        _publisher.SetAsync(key, value, keepsCopy: false, cancellationToken);

    /// <summary>
    /// Stores a value that is held here on the k nearest contacts, with what is left of its life. The copy here is the
    /// caller's affair.
    /// </summary>
    internal Task<SetResult> SpreadAsync(NodeId key, StoredValue held, CancellationToken cancellationToken) =>
        _publisher.SpreadAsync(key, held, cancellationToken);

    /// <summary>What all of the k nearest hold of a key. Leaves no copy behind.</summary>
    internal Task<LookupOutcome> AskAllHoldersAsync(NodeId key, CancellationToken cancellationToken) =>
        _lookups.AskAllHoldersAsync(key, cancellationToken);
}
