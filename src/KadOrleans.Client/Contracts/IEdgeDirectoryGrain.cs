using Orleans.CodeGeneration;

namespace KadOrleans.Client;

// Leases node ids to edges. Key: GrainKeys.Singleton. When a call returns, an edge's ids, their epoch and a handed-back lease are
// durable. Renewals show which edges are live. After its move the directory takes those for live that were so, for one lease. Calls interleave.
[Alias("kad.IEdgeDirectoryGrain")]
[Version(3)]
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

    /// <summary>Renews a lease and takes the edge's report.</summary>
    [Alias("Renew")]
    [OpenTo(Callers.Clients)]
    ValueTask<LeaseRenewal> RenewAsync(string edgeName, long epoch, IEdgeDesk edge, EdgeReport report);

    /// <summary>Hands a lease back, durably. The ids stay reserved for the name. Ignored if a newer epoch exists.</summary>
    [Alias("Release")]
    [OpenTo(Callers.Clients)]
    ValueTask ReleaseAsync(string edgeName, long epoch);

    /// <summary>The cluster's time.</summary>
    [Alias("GetUtcNow")]
    [OpenTo(Callers.Clients)]
    ValueTask<DateTimeOffset> GetUtcNowAsync();

    // The edges with live leases, for a reader that has a version of the list: an answer of a few bytes if that is the newest one, or else what
    // has changed since. 0 stands for no edge. KnownEdges reads it.
    [Alias("List")]
    [OpenTo(Callers.Clients)]
    ValueTask<EdgeList> ListAsync(ulong known);

    /// <summary>What the edges with live leases reported, with all their counters.</summary>
    [Alias("GetStatus")]
    ValueTask<IReadOnlyList<EdgeStatus>> GetStatusAsync();

    /// <summary>The nodes in the network, as the live edges estimate; null before any of them can.</summary>
    [Alias("GetNetworkSize")]
    ValueTask<double?> GetNetworkSizeAsync();

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

[GenerateSerializer]
[Alias("kad.LeaseRenewal")]
internal enum LeaseRenewal
{
    Renewed,

    /// <summary>An operator ended it, to drain the edge or to give it other ids, or it was handed back: the caller must stop using the ids.</summary>
    Ended,

    /// <summary>A newer epoch exists, or the cluster no longer knows the name: the caller must stop using the ids.</summary>
    Gone,
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

// The edges with live leases, unordered, in a version: all of them if IsWhole; or else those that are new or have changed since the reader's
// version, and the names that have ended since. Equal versions say the same, whichever activation of the directory gave them.
[GenerateSerializer]
[Alias("kad.EdgeList")]
internal sealed record EdgeList(
    [property: Id(0)] ulong Version,
    [property: Id(1)] bool IsWhole,
    [property: Id(2)] IReadOnlyList<LiveEdge> Edges,
    [property: Id(3)] IReadOnlyList<string> Ended);

// A name that edges have used, with its newest epoch. LastSeen is exact to a day, and null if no build noted it. Without a live
// edge there is neither an observer nor a report; after the directory's move the report of a live one comes with its next renewal.
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
    [property: Id(3)] IEdgeDesk Observer)
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

    /// <summary>How far its upkeep is; null before its first node has begun.</summary>
    [Id(4)]
    public SweepProgress? Sweep { get; init; }

    /// <summary>Whether it is the first of its network, and alone in it now.</summary>
    [Id(5)]
    public bool IsFirst { get; init; }
}
