using Orleans.Concurrency;

namespace KadOrleans.Client;

// The calls that grains make to an edge. No call makes anything durable: an edge has no state that must survive. A call to a dead
// edge fails after the cluster's response timeout, and callers try another. A lookup that is cancelled ends at the edge.
// Calls interleave: otherwise a lookup of seconds would delay all snapshots and other lookups.
[Alias("kad.IEdgeDesk")]
[OpenTo(Callers.Silos)]
internal interface IEdgeDesk : IGrainObserver
{
    // The timeout of ConfirmAsync. If it is too long, the successor of a killed edge waits needlessly. If it is too short, a busy
    // edge counts as dead and loses its lease to another process of its name.
    const string ConfirmTimeout = "00:00:01";

    /// <summary>Returns at once while the edge uses its lease or waits for one.</summary>
    [AlwaysInterleave]
    [ResponseTimeout(ConfirmTimeout)]
    [Alias("Confirm")]
    Task ConfirmAsync();

    /// <summary>Passes a newer snapshot of a table. An older version than the edge's is ignored.</summary>
    [AlwaysInterleave]
    [Alias("OnSnapshot")]
    Task OnSnapshotAsync(NodeId nodeId, RoutingTableSnapshot snapshot);

    // Passes a change of a table. Returns false if it does not continue the edge's snapshot: then the caller sends a whole one.
    [AlwaysInterleave]
    [Alias("OnChange")]
    Task<bool> OnChangeAsync(NodeId nodeId, SnapshotChange change);

    // Queues work. Returns false if the id has enough to do: the caller may offer it again soon. Throws NoLiveEdgeException if
    // the edge does not serve that id.
    [AlwaysInterleave]
    [Alias("Accept")]
    Task<bool> AcceptAsync(EdgeWork work);

    [AlwaysInterleave]
    [Alias("Get")]
    Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken);

    /// <summary>Stores a value on the nearest contacts of the network. The caller stores the cluster's own copy.</summary>
    [AlwaysInterleave]
    [Alias("Set")]
    Task<SetResult> SetAsync(NodeId key, DhtValue value);

    /// <summary><see cref="SetAsync"/> for a value with a life.</summary>
    [AlwaysInterleave]
    [Alias("SetFor")]
    Task<SetResult> SetForAsync(NodeId key, DhtValue value, TimeSpan life);

    [AlwaysInterleave]
    [Alias("FindNode")]
    Task<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken);

    /// <summary>Finds the k nearest contacts and asks each what it holds of a key.</summary>
    [AlwaysInterleave]
    [Alias("AskHolders")]
    Task<IReadOnlyList<KeyHolder>> AskHoldersAsync(NodeId key, CancellationToken cancellationToken);

    /// <summary>Looks a target up from one of the edge's ids, and returns each query.</summary>
    [AlwaysInterleave]
    [Alias("TraceLookup")]
    Task<LookupTrace> TraceLookupAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken);

    /// <summary>Follows what an operator has set. Returns once it does.</summary>
    [AlwaysInterleave]
    [Alias("OnRules")]
    Task OnRulesAsync(EdgeRules rules);

    // Begins to crawl a slice, or returns the progress of the one under this lease and renews it. A slice under another lease ends.
    //
    [AlwaysInterleave]
    [Alias("CrawlSlice")]
    Task<CrawlSliceProgress> CrawlSliceAsync(CrawlSliceOrder order);

    /// <summary>A page (<see cref="CrawlPage"/>) of a slice that is done; null if there is none.</summary>
    [AlwaysInterleave]
    [Alias("ReadSlice")]
    Task<byte[]?> ReadSliceAsync(string lease, int page);

    /// <summary>Ends a slice. What it found is forgotten.</summary>
    [AlwaysInterleave]
    [Alias("EndSlice")]
    Task EndSliceAsync(string lease);

    [AlwaysInterleave]
    [Alias("Ping")]
    Task<PingResult> PingAsync(UdpEndpoint endpoint);
}
