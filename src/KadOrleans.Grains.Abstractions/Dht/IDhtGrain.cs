using KadOrleans.Core;
using KadOrleans.Core.Values;
using Orleans.CodeGeneration;

namespace KadOrleans.Grains.Abstractions.Dht;

/// <summary>
/// The DHT as clients call it: a stateless worker before the shards and the edges. Any key will do.
/// Calls that need the network try another live edge if one fails, and throw <see cref="NoLiveEdgeException"/> if there
/// is none. Calls to a grain whose silo died are tried again until another has it, 20 s at most; a call takes 28 s at most.
/// </summary>
[Alias("kad.IDhtGrain")]
[Version(1)]
internal interface IDhtGrain : IGrainWithIntegerKey
{
    /// <summary>
    /// The value of a key: from the cluster's own shards, else from the network by a lookup at a live edge. Without a
    /// live edge, a key that the shards do not hold ends in <see cref="NoLiveEdgeException"/>, not in "not found".
    /// </summary>
    /// <exception cref="ShardUnavailableException">The shard does not answer, and the network has no value.</exception>
    [Alias("Get")]
    ValueTask<DhtGetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores a value in the cluster's own shards, durably before this returns, and on the nearest contacts of the
    /// network. Without a live edge the cluster's copy stands and the result says that the network has none. The cluster
    /// publishes it again each day until <see cref="UnpublishAsync"/>, or until somebody publishes another value.
    /// </summary>
    [Alias("Set")]
    ValueTask<DhtSetResult> SetAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stores a value as <see cref="SetAsync"/> does, and returns once the cluster's copy is durable or was refused. The network gets it
    /// in the background: at the latest when the cluster publishes it again.
    /// </summary>
    [Alias("Publish")]
    ValueTask<DhtSetResult> PublishAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default);

    /// <summary>
    /// Stops publishing a key, durably; false if the cluster did not publish it. Its value stays, here and in the network, until it
    /// expires.
    /// </summary>
    [Alias("Unpublish")]
    ValueTask<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken = default);

    /// <summary>Finds the contacts of the network nearest to a target.</summary>
    [Alias("FindNode")]
    ValueTask<DhtLookup> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default);

    /// <summary>Asks an endpoint who it is.</summary>
    [Alias("Ping")]
    ValueTask<DhtPingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default);

    /// <summary>The live edges and what the cluster is built on.</summary>
    [Alias("GetStatus")]
    ValueTask<ClusterStatus> GetStatusAsync();
}

/// <summary>No edge of the cluster could be reached, so the network cannot be queried.</summary>
[GenerateSerializer]
[Alias("kad.NoLiveEdgeException")]
internal sealed class NoLiveEdgeException : Exception
{
    /// <summary>No live edge.</summary>
    public NoLiveEdgeException()
        : base("No live edge: start one (KadOrleans.Edge, or a silo that co-hosts one) or see why its lease was lost.")
    {
    }

    /// <summary>No live edge, explained, with its cause if there is one.</summary>
    public NoLiveEdgeException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>The cluster's own shard of a key did not answer in time, so it is unknown whether the cluster holds the key.</summary>
[GenerateSerializer]
[Alias("kad.ShardUnavailableException")]
internal sealed class ShardUnavailableException : Exception
{
    /// <summary>A shard that does not answer.</summary>
    public ShardUnavailableException()
        : base("The cluster's shard of the key does not answer.")
    {
    }

    /// <summary>A shard that does not answer, explained, with its cause if there is one.</summary>
    public ShardUnavailableException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}
