using KadOrleans.Core;
using KadOrleans.Grains.Abstractions.Access;
using Orleans.CodeGeneration;
using Orleans.Concurrency;

namespace KadOrleans.Grains.Abstractions.Edges;

/// <summary>
/// Leases node ids to edges. Key: <see cref="GrainKeys.Singleton"/>. When a call returns, an edge's ids, their epoch and a handed-back
/// lease are durable. Which edges live is kept in memory, and is known again one renewal after the loss of a silo.
/// </summary>
[Alias("kad.IEdgeDirectoryGrain")]
[Version(2)]
[OpenTo(Callers.Silos)]
internal interface IEdgeDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>How long a lease lasts without renewal.</summary>
    static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(30);

    /// <summary>How often an edge renews.</summary>
    static readonly TimeSpan RenewalInterval = TimeSpan.FromSeconds(10);

    /// <summary>How long an edge waits for a lease. It ignores one granted later.</summary>
    static readonly TimeSpan LeaseTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether another edge than the caller uses this name. If so, the caller must not lease it: two processes that restart whenever they
    /// end would take it from each other for ever. A killed holder costs <see cref="IEdgeObserver.ConfirmTimeout"/> while all silos are
    /// healthy. After the loss of a silo an unresponsive holder keeps its name for the rest of its lease. Perhaps only the route to it is
    /// lost. Since version 1.
    /// </summary>
    /// <param name="edgeName">The edge's stable name, 1 to 128 characters.</param>
    /// <param name="edge">The caller.</param>
    [AlwaysInterleave]
    [Alias("AskForName")]
    [OpenTo(Callers.Edges)]
    ValueTask<NameUse> AskForNameAsync(string edgeName, IEdgeObserver edge);

    /// <summary><see cref="AskForNameAsync"/> for edges of earlier releases. Returns false if the name is free.</summary>
    /// <param name="edgeName">The edge's stable name, 1 to 128 characters.</param>
    /// <param name="edge">The caller.</param>
    [AlwaysInterleave]
    [Alias("IsHeldByAnother")]
    [OpenTo(Callers.Edges)]
    ValueTask<bool> IsHeldByAnotherAsync(string edgeName, IEdgeObserver edge);

    /// <summary>
    /// Leases node ids to the edge of this name: always the same ids, under a new epoch, which fences an older process of that name.
    /// Missing ids are drawn at random and saved before it returns. Concurrent requests share one write. A request that waited
    /// <see cref="LeaseTimeout"/> fails. An edge that an operator drained gets an <see cref="EdgeDrainedException"/>.
    /// </summary>
    /// <param name="edgeName">The edge's stable name, 1 to 128 characters.</param>
    /// <param name="count">How many ids it serves, 1 to 64.</param>
    /// <param name="edge">How to reach it.</param>
    [AlwaysInterleave]
    [Alias("Lease")]
    [OpenTo(Callers.Edges)]
    ValueTask<EdgeLease> LeaseAsync(string edgeName, int count, IEdgeObserver edge);

    /// <summary>Renews a lease and takes the edge's report. Returns false if a newer epoch exists: the caller must stop.</summary>
    [AlwaysInterleave]
    [Alias("Renew")]
    [OpenTo(Callers.Edges)]
    ValueTask<bool> RenewAsync(string edgeName, long epoch, IEdgeObserver edge, EdgeReport report);

    /// <summary>Hands a lease back, durably. The ids stay reserved for the name. Ignored if a newer epoch exists.</summary>
    [AlwaysInterleave]
    [Alias("Release")]
    [OpenTo(Callers.Edges)]
    ValueTask ReleaseAsync(string edgeName, long epoch);

    /// <summary>The cluster's time. Silos of earlier releases tell their own.</summary>
    [AlwaysInterleave]
    [Alias("GetUtcNow")]
    [OpenTo(Callers.Edges)]
    ValueTask<DateTimeOffset> GetUtcNowAsync();

    /// <summary>
    /// The edges with live leases, unordered. After a move of the grain some are missing (<see cref="ListAsync"/> says so).
    /// </summary>
    [AlwaysInterleave]
    [Alias("GetLive")]
    [OpenTo(Callers.Edges)]
    ValueTask<IReadOnlyList<LiveEdge>> GetLiveAsync();

    /// <summary>
    /// The edges with live leases, without their reports, and for how long renewals were received. Since version 1.
    /// </summary>
    [AlwaysInterleave]
    [Alias("List")]
    ValueTask<EdgeList> ListAsync();

    /// <summary>All names that are not forgotten, in their order, with and without a live edge. Since version 2.</summary>
    [AlwaysInterleave]
    [Alias("GetNames")]
    ValueTask<IReadOnlyList<EdgeName>> GetNamesAsync();

    /// <summary>
    /// Changes a name for an operator, durably. Returns false if nothing had to be changed. An <see cref="ArgumentException"/> says why it is
    /// not allowed. Since version 2.
    /// </summary>
    [AlwaysInterleave]
    [Alias("Change")]
    ValueTask<bool> ChangeAsync(string edgeName, NameChange change);
}

/// <summary>What an operator does with a name.</summary>
internal enum NameChange
{
    /// <summary>Ends its lease and gives it no other.</summary>
    Drain,

    /// <summary>Ends a drain.</summary>
    Resume,

    /// <summary>Ends its lease; the next one has other ids.</summary>
    RotateIds,

    /// <summary>Removes it with its ids.</summary>
    Forget,
}

/// <summary>Whether another edge uses a name.</summary>
internal enum NameUse
{
    /// <summary>No other edge uses it: it may be leased.</summary>
    Free,

    /// <summary>Another edge uses it, and answers.</summary>
    Held,

    /// <summary>
    /// Another edge uses it and does not answer, perhaps as a silo on the route is lost. This is clear
    /// <see cref="IEdgeDirectoryGrain.LeaseDuration"/> later at the latest.
    /// </summary>
    Unclear,
}

/// <summary>The node ids that an edge may use.</summary>
/// <param name="Epoch">Grows with every lease of the name. It fences processes with an older one.</param>
/// <param name="NodeIds">One per UDP port, always in the same order.</param>
/// <param name="Settings">The cluster's fixed settings.</param>
[GenerateSerializer]
[Alias("kad.EdgeLease")]
internal sealed record EdgeLease(
    [property: Id(0)] long Epoch,
    [property: Id(1)] IReadOnlyList<NodeId> NodeIds,
    [property: Id(2)] ClusterSettings Settings);

/// <summary>An operator drained the edge: it gets no lease until it is resumed. Silos of earlier releases throw another exception.</summary>
[GenerateSerializer]
[Alias("kad.EdgeDrainedException")]
internal sealed class EdgeDrainedException(string message) : Exception(message);

/// <summary>An edge used a lease that another edge holds now. The edge must stop using the id at once.</summary>
[GenerateSerializer]
[Alias("kad.LeaseLostException")]
internal sealed class LeaseLostException(string message) : Exception(message);

/// <summary>The edges with live leases, as far as the directory knows.</summary>
/// <param name="Edges">In no order.</param>
/// <param name="KnownFor">
/// How long the directory has received renewals. After a move it knows only the edges that have renewed since. From
/// <see cref="IEdgeDirectoryGrain.LeaseDuration"/> on it knows all.
/// </param>
/// <param name="Released">The names of the edges that handed their leases back in that time.</param>
[GenerateSerializer]
[Alias("kad.EdgeList")]
internal sealed record EdgeList(
    [property: Id(0)] IReadOnlyList<LiveEdge> Edges, [property: Id(1)] TimeSpan KnownFor, [property: Id(2)] IReadOnlyList<string> Released)
{
    /// <summary>Whether all live edges are listed.</summary>
    public bool IsComplete => KnownFor >= IEdgeDirectoryGrain.LeaseDuration;
}

/// <summary>A name that edges have used.</summary>
/// <param name="Name">The name.</param>
/// <param name="NodeIds">The ids reserved for it.</param>
/// <param name="Epoch">The epoch of its newest lease.</param>
/// <param name="IsReleased">Whether that was handed back: no edge uses the name.</param>
/// <param name="LastSeen">When it was known to be used last, to a day; null if no build noted it.</param>
/// <param name="Live">The edge, if it is known to be live.</param>
/// <param name="Report">Its last report; null without a live edge.</param>
/// <param name="IsDrained">Whether an operator drained it.</param>
[GenerateSerializer]
[Alias("kad.EdgeName")]
internal sealed record EdgeName(
    [property: Id(0)] string Name,
    [property: Id(1)] IReadOnlyList<NodeId> NodeIds,
    [property: Id(2)] long Epoch,
    [property: Id(3)] bool IsReleased,
    [property: Id(4)] DateTimeOffset? LastSeen,
    [property: Id(5)] IEdgeObserver? Live,
    [property: Id(6)] EdgeReport? Report,
    [property: Id(7)] bool IsDrained);

/// <summary>An edge with a live lease.</summary>
/// <param name="Name">Its stable name.</param>
/// <param name="Epoch">The epoch of its lease.</param>
/// <param name="NodeIds">Its ids.</param>
/// <param name="Observer">How to reach it.</param>
/// <param name="Report">Its last report.</param>
[GenerateSerializer]
[Alias("kad.LiveEdge")]
internal sealed record LiveEdge(
    [property: Id(0)] string Name,
    [property: Id(1)] long Epoch,
    [property: Id(2)] IReadOnlyList<NodeId> NodeIds,
    [property: Id(3)] IEdgeObserver Observer,
    [property: Id(4)] EdgeReport Report);

/// <summary>An edge's state, reported at each renewal.</summary>
[GenerateSerializer]
[Alias("kad.EdgeReport")]
internal sealed record EdgeReport
{
    /// <summary>The endpoint of each of its ids, in the order of the lease.</summary>
    [Id(0)]
    public IReadOnlyList<UdpEndpoint> Endpoints { get; init; } = [];

    /// <summary>Contacts in the tables of all its ids.</summary>
    [Id(1)]
    public int Contacts { get; init; }

    /// <summary>Counters since its start, by name.</summary>
    [Id(2)]
    public IReadOnlyDictionary<string, long> Counts { get; init; } = new Dictionary<string, long>();

    /// <summary>Nodes in the network, as its lookups estimate; null if they cannot tell yet. Edges of earlier releases lack it.</summary>
    [Id(3)]
    public double? NetworkSize { get; init; }
}
