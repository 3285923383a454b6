using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions.Dht;

namespace KadOrleans.Client;

/// <summary>
/// The DHT of a cluster and of the network it is part of. Text keys and the five types of values as they are in .NET:
/// see <see cref="DhtClientExtensions"/>. Safe for any number of callers at once.
/// </summary>
public interface IDhtClient
{
    /// <summary>The value of a key: from the cluster's own shards, else from the network.</summary>
    /// <exception cref="NoLiveEdgeException">The cluster does not hold the key, and no edge is there to ask the network.</exception>
    /// <exception cref="ClusterUnavailableException">No silo answers, or not the one that holds the key; a value may be there.</exception>
    ValueTask<DhtGetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores a value in the cluster, durably before this returns, and on the nearest nodes of the network. The result
    /// tells of each copy; without a live edge the cluster's is the only one. From then on the cluster publishes it again
    /// each day, until <see cref="UnpublishAsync"/> or until somebody publishes another value under the key.
    /// </summary>
    /// <exception cref="ArgumentException">The value is none, or too large; no silo was asked.</exception>
    /// <exception cref="ClusterUnavailableException">No silo answers; the value may have been stored.</exception>
    ValueTask<DhtSetResult> SetAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default);

    /// <summary>
    /// Publishes a key no more; false if the cluster did not. The value stays, in the cluster and in the network, until it
    /// expires.
    /// </summary>
    /// <exception cref="ClusterUnavailableException">No silo answers; the publication may have ended.</exception>
    ValueTask<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>Finds the contacts of the network nearest to a target.</summary>
    /// <exception cref="NoLiveEdgeException">No edge is there to ask the network.</exception>
    /// <exception cref="ClusterUnavailableException">No silo answers.</exception>
    ValueTask<DhtLookup> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default);

    /// <summary>Asks an endpoint who it is.</summary>
    /// <exception cref="ArgumentException">No node can have that address; no silo was asked.</exception>
    /// <exception cref="NoLiveEdgeException">No edge is there to ask.</exception>
    /// <exception cref="ClusterUnavailableException">No silo answers.</exception>
    ValueTask<DhtPingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default);

    /// <summary>The live edges, and what the cluster is built on.</summary>
    /// <exception cref="ClusterUnavailableException">No silo answers.</exception>
    ValueTask<DhtStatus> GetStatusAsync(CancellationToken cancellationToken = default);
}
