using KadOrleans.Core.Estimation;

namespace KadOrleans.EdgeWorker.Edges;

/// <summary>How an edge is doing, for people and monitoring to read.</summary>
/// <param name="Name">Its stable name.</param>
/// <param name="State">What it is at.</param>
/// <param name="IsReady">Whether it can serve.</param>
/// <param name="Epoch">The epoch of its lease; null without one.</param>
/// <param name="ShardBits">What the cluster was created with; null before the first lease.</param>
/// <param name="SecondsSinceAnswer">Seconds since a silo last answered; null if none has.</param>
/// <param name="Nodes">Its node ids, in the order of the lease.</param>
/// <param name="Counts">Counts since the ids were taken up, by name, of all ids together.</param>
internal sealed record EdgeOverview(
    string Name,
    EdgeState State,
    bool IsReady,
    long? Epoch,
    int? ShardBits,
    double? SecondsSinceAnswer,
    IReadOnlyList<EdgeNodeOverview> Nodes,
    IReadOnlyDictionary<string, long> Counts)
{
    /// <summary>Seconds that the clock of the silo that leases node ids is ahead of this process's; null before it was asked.</summary>
    public double? ClockDifference { get; init; }
}

/// <summary>How one node id of an edge is doing.</summary>
/// <param name="Id">The id, as hexadecimal digits.</param>
/// <param name="Listening">What it is bound to.</param>
/// <param name="Contacts">Contacts in its table.</param>
/// <param name="TableVersion">The version of the snapshot that it answers from.</param>
internal sealed record EdgeNodeOverview(string Id, IReadOnlyList<string> Listening, int Contacts, long TableVersion)
{
    /// <summary>How many nodes the network has by this id's last lookups, or null before there were enough of them.</summary>
    public NetworkSizeEstimate? NetworkSize { get; init; }
}

/// <summary>What an edge is at.</summary>
internal enum EdgeState
{
    /// <summary>It has no lease yet: its host starts, or no silo has answered so far.</summary>
    Waiting,

    /// <summary>It holds its ids and serves them; silos answer.</summary>
    Serving,

    /// <summary>
    /// It serves its ids from the last snapshots: no silo answers. PING and FIND_NODE are answered, STORE is not.
    /// </summary>
    CutOff,

    /// <summary>Another process holds its name. The ids are no longer served, and will not be by this process.</summary>
    LeaseLost,

    /// <summary>It stopped in good order.</summary>
    Stopped,
}
