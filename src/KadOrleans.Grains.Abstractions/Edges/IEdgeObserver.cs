using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Dht;

namespace KadOrleans.Grains.Abstractions.Edges;

/// <summary>
/// An edge as grains reach it. Nothing here is durable: an edge holds no state that must survive. A call to an edge that
/// is gone fails after the cluster's response timeout; callers try another.
/// </summary>
[Alias("kad.IEdgeObserver")]
public interface IEdgeObserver : IGrainObserver
{
    /// <summary>A newer picture of a table. An older version than the edge has is ignored.</summary>
    [Alias("OnSnapshot")]
    Task OnSnapshotAsync(NodeId nodeId, RoutingTableSnapshot snapshot);

    /// <summary>Takes work and returns at once; false if the edge does not serve that id, or has too much to do.</summary>
    [Alias("Accept")]
    Task<bool> AcceptAsync(EdgeWork work);

    /// <summary>Looks a value up in the network, from one of the edge's ids.</summary>
    [Alias("Get")]
    Task<DhtGetResult> GetAsync(NodeId key);

    /// <summary>Stores a value on the nearest contacts of the network; the cluster's own copy is the caller's affair.</summary>
    [Alias("Set")]
    Task<DhtSetResult> SetAsync(NodeId key, DhtValue value);

    /// <summary>Finds the contacts nearest to a target.</summary>
    [Alias("FindNode")]
    Task<DhtLookup> FindNodeAsync(NodeId target);

    /// <summary>Asks an endpoint who it is.</summary>
    [Alias("Ping")]
    Task<DhtPingResult> PingAsync(UdpEndpoint endpoint);
}
