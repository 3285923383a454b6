using Orleans.CodeGeneration;

namespace KadOrleans.Client;

// The DHT's facade for clients: a stateless worker in front of the shards and the edges. Any grain key will do. A call that needs
// the network tries another live edge if one fails, and throws NoLiveEdgeException if there is none. Calls to a grain whose silo
// died are retried for up to 20 s. A call takes 28 s at most.
[Alias("kad.IDhtGrain")]
[Version(5)]
[OpenTo(Callers.Clients)]
internal interface IDhtGrain : IGrainWithIntegerKey
{
    // Gets the value of a key from the cluster's own shards, or else by a lookup of a live edge. If the shards do not hold the
    // key and no edge is live it throws NoLiveEdgeException: the value may still exist. ShardUnavailableException: the shard does
    // not respond, and the network has no value.
    [Alias("Get")]
    ValueTask<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken = default);

    // Gets the owner's newest item of a key as IDhtItems.GetFromAllAsync does: where the shard holds a value, or a lookup finds one that is no item, each
    // of the k nearest is asked. It throws as GetAsync does.
    [Alias("GetFromAll")]
    ValueTask<GetResult> GetFromAllAsync(NodeId key, CancellationToken cancellationToken = default);

    // Stores and publishes a value as IDht.SetAsync does. If the cluster refuses the value the network is not asked.
    // ShardUnavailableException: the shard did not store it, and the network got nothing. It may be stored later.
    [Alias("Set")]
    ValueTask<SetResult> SetAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default);

    // Stores a value as SetAsync does, and returns once the cluster's copy is durable or was refused. The network gets the value
    // in the background, at the latest at the cluster's next check. ShardUnavailableException: as of SetAsync.
    [Alias("Publish")]
    ValueTask<SetResult> PublishAsync(NodeId key, DhtValue value, CancellationToken cancellationToken = default);

    // Stores a value for a time as IDht.SetAsync does. If the cluster refuses it, as it holds one that was set here and lives longer or
    // is published, the network is not asked. ShardUnavailableException: as of SetAsync.
    [Alias("SetFor")]
    ValueTask<SetResult> SetForAsync(NodeId key, DhtValue value, TimeSpan life, CancellationToken cancellationToken = default);

    // Stores a value as the other calls do if the shard holds the version that the call expects, or nothing that lives: 0. Else the result is
    // StoreResult.Superseded, or Unknown, as of IDht.SetIfAsync. ShardUnavailableException: as of SetAsync.
    [Alias("SetIf")]
    ValueTask<SetResult> SetIfAsync(
        NodeId key, DhtValue value, ExpectedVersion expected, TimeSpan? life, bool isDurable, CancellationToken cancellationToken = default);

    // Removes the value with a version, and its publication, as IDht.DeleteIfAsync does.
    [Alias("DeleteIf")]
    ValueTask<DeleteResult> DeleteIfAsync(NodeId key, ExpectedVersion expected, CancellationToken cancellationToken = default);

    // Keeps a signed item for its owner until a time, as IDhtItems.KeepAsync does. The cluster's copy comes first: if it refuses, the network is not
    // asked. ShardUnavailableException: as of SetAsync.
    [Alias("Keep")]
    ValueTask<SetResult> KeepAsync(NodeId key, DhtValue item, DateTimeOffset until, CancellationToken cancellationToken = default);

    // Stops publishing a key, and keeping its item, durably. Returns false if the cluster did neither. The value stays until it expires.
    [Alias("Unpublish")]
    ValueTask<bool> UnpublishAsync(NodeId key, CancellationToken cancellationToken = default);

    // The values of watched keys that changed since the caller's last request, as the cluster's shards hold them. A silo asks a shard
    // for all its callers, so a change may be some 100 ms old. Shards that do not respond are asked again with the next request.
    [Alias("Watch")]
    ValueTask<DhtWatchResult> WatchAsync(DhtWatchRequest request);

    [Alias("FindNode")]
    ValueTask<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken = default);

    [Alias("Ping")]
    ValueTask<PingResult> PingAsync(UdpEndpoint endpoint, CancellationToken cancellationToken = default);

    [Alias("GetStatus")]
    ValueTask<ClusterStatus> GetStatusAsync();
}

/// <summary>What a call under a condition awaits of the shard.</summary>
/// <param name="Version">The version that the key must have; 0 if nothing may be held.</param>
/// <param name="CallId">The id of the call, not 0.</param>
/// <param name="IsRepeat">Whether its caller may have made it before.</param>
[GenerateSerializer]
[Immutable]
[Alias("kad.ExpectedVersion")]
internal readonly record struct ExpectedVersion([property: Id(0)] long Version, [property: Id(1)] long CallId, [property: Id(2)] bool IsRepeat);

/// <summary>No edge of the cluster could be reached, so the network cannot be queried.</summary>
[GenerateSerializer]
[Alias("kad.NoLiveEdgeException")]
internal sealed class NoLiveEdgeException(string message) : Exception(message);

/// <summary>The shard of a key did not respond in time, so it is unknown whether the cluster holds the key.</summary>
[GenerateSerializer]
[Alias("kad.ShardUnavailableException")]
internal sealed class ShardUnavailableException(string message, Exception? innerException = null) : Exception(message, innerException)
{
    /// <summary>A part of the cluster that does not answer, with the cause.</summary>
    public static ShardUnavailableException Of(string part, Exception cause) => new(Describe(part, cause), cause);

    /// <summary>
    /// The same as a sentence, which may say what follows of it. Behind the first line of a failed storage's message are its causes with their stacks:
    /// those are in the silo's log.
    /// </summary>
    public static string Describe(string part, Exception cause, string consequence = "") =>
        $"The cluster's {part} does not answer{consequence}: {cause.Message.ReplaceLineEndings("\n").Split('\n')[0].TrimEnd()}";
}

/// <summary>A cluster's fixed settings and its live edges. The settings are null while the silo does not know them yet.</summary>
[GenerateSerializer]
[Alias("kad.DhtStatus")]
internal sealed record ClusterStatus(
    [property: Id(0)] ClusterSettings? Settings, [property: Id(1)] IReadOnlyList<EdgeStatus> Edges);

/// <summary>The name of an edge, its ids as hexadecimal digits, and its last report.</summary>
[GenerateSerializer]
[Alias("kad.EdgeStatus")]
internal sealed record EdgeStatus(
    [property: Id(0)] string Name, [property: Id(1)] IReadOnlyList<string> NodeIds, [property: Id(2)] EdgeReport Report);
