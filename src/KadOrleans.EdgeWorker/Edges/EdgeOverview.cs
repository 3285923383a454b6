using KadOrleans.Core.Estimation;

namespace KadOrleans.EdgeWorker.Edges;

/// <summary>An edge's state, for people and monitoring.</summary>
/// <param name="Name">Its stable name.</param>
/// <param name="State">Its state.</param>
/// <param name="IsReady">Whether it can serve.</param>
/// <param name="Epoch">The epoch of its lease; null without one.</param>
/// <param name="ShardBits">The cluster's shard bits. Null before the first lease.</param>
/// <param name="SecondsSinceAnswer">Seconds since a silo last answered; null if none has.</param>
/// <param name="Nodes">Its node ids, in the order of the lease.</param>
/// <param name="Counts">Counters of all ids together since they are served, by name.</param>
internal sealed record EdgeOverview(
    string Name,
    EdgePhase State,
    bool IsReady,
    long? Epoch,
    int? ShardBits,
    double? SecondsSinceAnswer,
    IReadOnlyList<EdgeNodeOverview> Nodes,
    IReadOnlyDictionary<string, long> Counts)
{
    /// <summary>
    /// By how many seconds the cluster's time is ahead of this process's clock. Null before the first comparison.
    /// </summary>
    public double? ClockDifference { get; init; }
}

/// <summary>The state of one node id of an edge.</summary>
/// <param name="Id">The id, as hexadecimal digits.</param>
/// <param name="Listening">Its bound endpoints.</param>
/// <param name="Contacts">Contacts in its table.</param>
/// <param name="TableVersion">The version of the snapshot that it answers from.</param>
internal sealed record EdgeNodeOverview(string Id, IReadOnlyList<string> Listening, int Contacts, long TableVersion)
{
    /// <summary>The network's size, estimated from this id's last lookups. Null before there were enough of them.</summary>
    public NetworkSizeEstimate? NetworkSize { get; init; }
}

/// <summary>What an edge is doing for its ids.</summary>
internal enum EdgePhase
{
    /// <summary>It has no lease yet: its host is starting, or no silo has answered.</summary>
    Waiting,

    /// <summary>It holds its ids and serves them; silos answer.</summary>
    Serving,

    /// <summary>
    /// It serves its ids from the last snapshots: no silo answers. PING and FIND_NODE are answered, STORE is not.
    /// </summary>
    CutOff,

    /// <summary>Another process holds its name. The ids are no longer served, and will not be by this process.</summary>
    LeaseLost,

    /// <summary>It stopped and handed its lease back.</summary>
    Stopped,
}
