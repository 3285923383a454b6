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
public sealed record EdgeOverview(
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
