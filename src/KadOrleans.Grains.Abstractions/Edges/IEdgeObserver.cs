using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Dht;
using Orleans.Concurrency;

namespace KadOrleans.Grains.Abstractions.Edges;

/// <summary>
/// An edge as grains reach it. Nothing here is durable: an edge holds no state that must survive. A call to an edge that
/// is gone fails after the cluster's response timeout; callers try another. Calls interleave: else a lookup of seconds would
/// hold up every snapshot and every other lookup of the edge.
/// </summary>
[Alias("kad.IEdgeObserver")]
internal interface IEdgeObserver : IGrainObserver
{
    /// <summary>
    /// How long an edge may take to confirm that it lives. If it is too long, the successor of a killed edge waits needlessly. If it is too
    /// short, a busy edge counts as dead, and loses its lease to another process of its name.
    /// </summary>
    const string ConfirmTimeout = "00:00:01";

    /// <summary>Answers at once, for as long as the edge uses its lease or stands for one.</summary>
    [AlwaysInterleave]
    [ResponseTimeout(ConfirmTimeout)]
    [Alias("Confirm")]
    Task ConfirmAsync();

    /// <summary>A newer picture of a table. An older version than the edge has is ignored.</summary>
    [AlwaysInterleave]
    [Alias("OnSnapshot")]
    Task OnSnapshotAsync(NodeId nodeId, RoutingTableSnapshot snapshot);

    /// <summary>Takes work and returns at once; false if the edge does not serve that id, or has too much to do.</summary>
    [AlwaysInterleave]
    [Alias("Accept")]
    Task<bool> AcceptAsync(EdgeWork work);

    /// <summary>Looks a value up in the network, from one of the edge's ids.</summary>
    [AlwaysInterleave]
    [Alias("Get")]
    Task<DhtGetResult> GetAsync(NodeId key);

    /// <summary>Stores a value on the nearest contacts of the network; the cluster's own copy is the caller's affair.</summary>
    [AlwaysInterleave]
    [Alias("Set")]
    Task<DhtSetResult> SetAsync(NodeId key, DhtValue value);

    /// <summary>Finds the contacts nearest to a target.</summary>
    [AlwaysInterleave]
    [Alias("FindNode")]
    Task<DhtLookup> FindNodeAsync(NodeId target);

    /// <summary>Asks an endpoint who it is.</summary>
    [AlwaysInterleave]
    [Alias("Ping")]
    Task<DhtPingResult> PingAsync(UdpEndpoint endpoint);
}
