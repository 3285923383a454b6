using Orleans.CodeGeneration;

namespace KadOrleans.Client;

// Leases node ids to edges. Key: GrainKeys.Singleton. When a call returns, an edge's ids, their epoch and a handed-back lease are
// durable. Which edges are live is kept in memory, and is known again one renewal after the loss of a silo. Calls interleave.
[Alias("kad.IEdgeDirectoryGrain")]
[Version(2)]
[OpenTo(Callers.Silos)]
internal interface IEdgeDirectoryGrain : IGrainWithIntegerKey
{
    static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(30);

    static readonly TimeSpan RenewalInterval = TimeSpan.FromSeconds(10);

    /// <summary>How long an edge waits for a lease. It ignores one granted later.</summary>
    static readonly TimeSpan LeaseTimeout = TimeSpan.FromSeconds(10);

    // Whether another edge uses this name. If so, the caller must not lease it: two processes that restart whenever they end would take it
    // from each other for ever. A killed holder costs IEdgeDesk.ConfirmTimeout. After the loss of a silo an unresponsive one keeps
    // its name for the rest of its lease. Perhaps only the route to it is lost. Names have 1 to 128 characters.
    [Alias("AskForName")]
    [OpenTo(Callers.Clients)]
    ValueTask<NameUse> AskForNameAsync(string edgeName, IEdgeDesk edge);

    // Leases 1 to 64 node ids to the edge of this name. They are always the same, under a new epoch, which fences an older
    // process. Missing ids are drawn at random and saved before it returns. Concurrent requests share one write. A request that
    // waited LeaseTimeout fails. An edge that an operator drained gets an EdgeDrainedException.
    [Alias("Lease")]
    [OpenTo(Callers.Clients)]
    ValueTask<EdgeLease> LeaseAsync(string edgeName, int count, IEdgeDesk edge);

    /// <summary>Renews a lease and takes the edge's report. Returns false if a newer epoch exists: the caller must stop.</summary>
    [Alias("Renew")]
    [OpenTo(Callers.Clients)]
    ValueTask<bool> RenewAsync(string edgeName, long epoch, IEdgeDesk edge, EdgeReport report);

    /// <summary>Hands a lease back, durably. The ids stay reserved for the name. Ignored if a newer epoch exists.</summary>
    [Alias("Release")]
    [OpenTo(Callers.Clients)]
    ValueTask ReleaseAsync(string edgeName, long epoch);

    /// <summary>The cluster's time.</summary>
    [Alias("GetUtcNow")]
    [OpenTo(Callers.Clients)]
    ValueTask<DateTimeOffset> GetUtcNowAsync();

    // The edges with live leases, unordered. After a move of the grain some are missing (ListAsync says so).
    [Alias("GetLive")]
    [OpenTo(Callers.Clients)]
    ValueTask<IReadOnlyList<LiveEdge>> GetLiveAsync();

    // The edges with live leases, without their reports, and for how long renewals were received.
    [Alias("List")]
    ValueTask<EdgeList> ListAsync();

    /// <summary>All names that are not forgotten, in their order, with and without a live edge.</summary>
    [Alias("GetNames")]
    ValueTask<IReadOnlyList<EdgeName>> GetNamesAsync();

    // Changes a name for an operator, durably. Returns false if nothing had to be changed. An ArgumentException says why it is
    // not allowed.
    [Alias("Change")]
    [OpenTo(Callers.Silos, IsManagement = true)]
    ValueTask<bool> ChangeAsync(string edgeName, NameChange change);
}

internal enum NameChange
{
    /// <summary>Ends its lease and gives it no other.</summary>
    Drain,

    Resume,

    /// <summary>Ends its lease; the next one has other ids.</summary>
    RotateIds,

    /// <summary>Removes it with its ids.</summary>
    Forget,
}

[GenerateSerializer]
[Alias("kad.NameUse")]
internal enum NameUse
{
    /// <summary>No other edge uses it: it may be leased.</summary>
    Free,

    /// <summary>Another edge uses it, and answers.</summary>
    Held,

    // Another edge uses it and does not answer, perhaps as a silo on the route is lost. This is clear
    // IEdgeDirectoryGrain.LeaseDuration later at the latest.
    Unclear,
}

// The node ids that an edge may use, one per UDP port, always in the same order. The epoch grows with every lease of the name,
// and fences processes with an older one.
[GenerateSerializer]
[Alias("kad.EdgeLease")]
internal sealed record EdgeLease(
    [property: Id(0)] long Epoch,
    [property: Id(1)] IReadOnlyList<NodeId> NodeIds,
    [property: Id(2)] ClusterSettings Settings);

/// <summary>An operator drained the edge: it gets no lease until it is resumed.</summary>
[GenerateSerializer]
[Alias("kad.EdgeDrainedException")]
internal sealed class EdgeDrainedException(string message) : Exception(message);

/// <summary>An edge used a lease that another edge holds now. The edge must stop using the id at once.</summary>
[GenerateSerializer]
[Alias("kad.LeaseLostException")]
internal sealed class LeaseLostException(string message) : Exception(message);

// The edges with live leases, unordered, and the names that handed theirs back. After a move the directory knows only those that
// have renewed since: in the time of KnownFor.
[GenerateSerializer]
[Alias("kad.EdgeList")]
internal sealed record EdgeList(
    [property: Id(0)] IReadOnlyList<LiveEdge> Edges, [property: Id(1)] TimeSpan KnownFor, [property: Id(2)] IReadOnlyList<string> Released)
{
    /// <summary>Whether all live edges are listed.</summary>
    public bool IsComplete => KnownFor >= IEdgeDirectoryGrain.LeaseDuration;
}

// A name that edges have used, with its newest epoch. LastSeen is exact to a day, and null if no build noted it. Without a live
// edge there is neither an observer nor a report.
[GenerateSerializer]
[Alias("kad.EdgeName")]
internal sealed record EdgeName(
    [property: Id(0)] string Name,
    [property: Id(1)] IReadOnlyList<NodeId> NodeIds,
    [property: Id(2)] long Epoch,
    [property: Id(3)] bool IsReleased,
    [property: Id(4)] DateTimeOffset? LastSeen,
    [property: Id(5)] IEdgeDesk? Live,
    [property: Id(6)] EdgeReport? Report,
    [property: Id(7)] bool IsDrained);

[GenerateSerializer]
[Alias("kad.LiveEdge")]
internal sealed record LiveEdge(
    [property: Id(0)] string Name,
    [property: Id(1)] long Epoch,
    [property: Id(2)] IReadOnlyList<NodeId> NodeIds,
    [property: Id(3)] IEdgeDesk Observer,
    [property: Id(4)] EdgeReport Report)
{
    /// <summary>Whether both are the same lease.</summary>
    public bool IsSame(LiveEdge other) => Name == other.Name && Epoch == other.Epoch;
}

[GenerateSerializer]
[Alias("kad.EdgeReport")]
internal sealed record EdgeReport
{
    /// <summary>The endpoint of each of its ids, in the order of the lease.</summary>
    [Id(0)]
    public IReadOnlyList<UdpEndpoint> Endpoints { get; init; } = [];

    [Id(1)]
    public int Contacts { get; init; }

    [Id(2)]
    public IReadOnlyDictionary<string, long> Counts { get; init; } = new Dictionary<string, long>();

    /// <summary>Nodes in the network, as its lookups estimate; null before they can.</summary>
    [Id(3)]
    public double? NetworkSize { get; init; }

    /// <summary>How far its upkeep is; null from an edge whose release does not tell.</summary>
    [Id(4)]
    public SweepProgress? Sweep { get; init; }

    /// <summary>
    /// Whether it sends a due value if any id of the cluster is responsible for it. Edges of earlier releases do so for their own ids alone.
    /// </summary>
    [Id(5)]
    public bool SendsForAll { get; init; }
}
