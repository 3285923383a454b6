using KadOrleans.Core;
using Orleans.CodeGeneration;
using Orleans.Concurrency;

namespace KadOrleans.Grains.Abstractions.Edges;

/// <summary>
/// Which edge holds which node ids. Key: <see cref="GrainKeys.Singleton"/>. The ids of an edge's name and their epochs are
/// durable when a call returns, and so is which leases were handed back; who is alive is kept in memory and known again one
/// renewal after a silo was lost.
/// </summary>
[Alias("kad.IEdgeDirectoryGrain")]
[Version(1)]
internal interface IEdgeDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>How long a lease lasts without renewal.</summary>
    static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(30);

    /// <summary>How often an edge renews.</summary>
    static readonly TimeSpan RenewalInterval = TimeSpan.FromSeconds(10);

    /// <summary>How long an edge waits for a lease. It would not take one that is given later.</summary>
    static readonly TimeSpan LeaseTimeout = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether an edge other than the one that asks uses this name. Only if not, another process may lease the name. Otherwise two
    /// processes that are restarted whenever they end would take it from each other without end. A holder that was killed costs
    /// <see cref="IEdgeObserver.ConfirmTimeout"/> while all silos are well. After the loss of a silo, a holder that does not
    /// answer keeps its name for the rest of its lease: the way to it may be what was lost. Since version 1.
    /// </summary>
    /// <param name="edgeName">The edge's stable name, 1 to 128 characters.</param>
    /// <param name="edge">Who asks.</param>
    [AlwaysInterleave]
    [Alias("AskForName")]
    ValueTask<NameUse> AskForNameAsync(string edgeName, IEdgeObserver edge);

    /// <summary>The same for edges of earlier releases: false if the name is free.</summary>
    /// <param name="edgeName">The edge's stable name, 1 to 128 characters.</param>
    /// <param name="edge">Who asks.</param>
    [AlwaysInterleave]
    [Alias("IsHeldByAnother")]
    ValueTask<bool> IsHeldByAnotherAsync(string edgeName, IEdgeObserver edge);

    /// <summary>
    /// Leases node ids to the edge of this name: the same ids as ever, under a new epoch, so that an older process of
    /// that name finds itself fenced. Missing ids are drawn at random and saved before this returns. Leases that are asked for
    /// at about the same time share one write; one that waited <see cref="LeaseTimeout"/> is not given.
    /// </summary>
    /// <param name="edgeName">The edge's stable name, 1 to 128 characters.</param>
    /// <param name="count">How many ids it serves, 1 to 64.</param>
    /// <param name="edge">How to reach it.</param>
    [AlwaysInterleave]
    [Alias("Lease")]
    ValueTask<EdgeLease> LeaseAsync(string edgeName, int count, IEdgeObserver edge);

    /// <summary>Prolongs a lease and reports how the edge is. False if a newer epoch exists: the caller stops.</summary>
    [AlwaysInterleave]
    [Alias("Renew")]
    ValueTask<bool> RenewAsync(string edgeName, long epoch, IEdgeObserver edge, EdgeReport report);

    /// <summary>
    /// Hands a lease back; the ids stay reserved for the name. That is durable when this returns. Ignored if a newer epoch exists.
    /// </summary>
    [AlwaysInterleave]
    [Alias("Release")]
    ValueTask ReleaseAsync(string edgeName, long epoch);

    /// <summary>The clock of the silo that this grain is on.</summary>
    [AlwaysInterleave]
    [Alias("GetUtcNow")]
    ValueTask<DateTimeOffset> GetUtcNowAsync();

    /// <summary>The edges whose leases are alive, in no order; after a move some are missing (<see cref="ListAsync"/> says so).</summary>
    [AlwaysInterleave]
    [Alias("GetLive")]
    ValueTask<IReadOnlyList<LiveEdge>> GetLiveAsync();

    /// <summary>The edges whose leases are alive, and since when that is known. Since version 1.</summary>
    [AlwaysInterleave]
    [Alias("List")]
    ValueTask<EdgeList> ListAsync();
}

/// <summary>Whether another edge uses a name.</summary>
internal enum NameUse
{
    /// <summary>None does: it may be leased.</summary>
    Free,

    /// <summary>Another edge has it, and answers.</summary>
    Held,

    /// <summary>
    /// Another edge has it and is not heard, maybe for want of a silo on the way to it. At the latest
    /// <see cref="IEdgeDirectoryGrain.LeaseDuration"/> later this is clear.
    /// </summary>
    Unclear,
}

/// <summary>The node ids that an edge may use.</summary>
/// <param name="Epoch">Grows with every lease of the name; a process with an older one is fenced off.</param>
/// <param name="NodeIds">One per UDP port, always in the same order.</param>
/// <param name="Settings">What the cluster is built on.</param>
[GenerateSerializer]
[Alias("kad.EdgeLease")]
internal sealed record EdgeLease(
    [property: Id(0)] long Epoch,
    [property: Id(1)] IReadOnlyList<NodeId> NodeIds,
    [property: Id(2)] ClusterSettings Settings);

/// <summary>An edge acted on a lease that another holds by now. It stops using the id at once.</summary>
[GenerateSerializer]
[Alias("kad.LeaseLostException")]
internal sealed class LeaseLostException : Exception
{
    /// <summary>A lost lease.</summary>
    public LeaseLostException()
        : base("The lease is held by another edge.")
    {
    }

    /// <summary>A lost lease, explained, with its cause if there is one.</summary>
    public LeaseLostException(string message, Exception? innerException = null)
        : base(message, innerException)
    {
    }
}

/// <summary>The edges whose leases are alive, as far as the directory knows.</summary>
/// <param name="Edges">In no order.</param>
/// <param name="KnownFor">
/// How long the directory has heard renewals. One that has just moved knows those that renewed since; from
/// <see cref="IEdgeDirectoryGrain.LeaseDuration"/> on it knows all.
/// </param>
/// <param name="Released">The names of edges that are not alive, as they handed their leases back in that time.</param>
[GenerateSerializer]
[Alias("kad.EdgeList")]
internal sealed record EdgeList(
    [property: Id(0)] IReadOnlyList<LiveEdge> Edges, [property: Id(1)] TimeSpan KnownFor, [property: Id(2)] IReadOnlyList<string> Released)
{
    /// <summary>Whether an edge that is not named here is not alive.</summary>
    public bool IsComplete => KnownFor >= IEdgeDirectoryGrain.LeaseDuration;
}

/// <summary>An edge whose lease is alive.</summary>
/// <param name="Name">Its stable name.</param>
/// <param name="Epoch">The epoch of its lease.</param>
/// <param name="NodeIds">Its ids.</param>
/// <param name="Observer">How to reach it.</param>
/// <param name="Report">What it last said of itself.</param>
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
    /// <summary>What each of its ids listens on, in the order of the lease.</summary>
    [Id(0)]
    public IReadOnlyList<UdpEndpoint> Endpoints { get; init; } = [];

    /// <summary>Contacts in the tables of all its ids.</summary>
    [Id(1)]
    public int Contacts { get; init; }

    /// <summary>Counts since its start, by name.</summary>
    [Id(2)]
    public IReadOnlyDictionary<string, long> Counts { get; init; } = new Dictionary<string, long>();
}
