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
public interface IEdgeDirectoryGrain : IGrainWithIntegerKey
{
    /// <summary>How long a lease lasts without renewal.</summary>
    static readonly TimeSpan LeaseDuration = TimeSpan.FromSeconds(30);

    /// <summary>How often an edge renews.</summary>
    static readonly TimeSpan RenewalInterval = TimeSpan.FromSeconds(10);

    /// <summary>How long an edge waits for a lease: nobody is there any more to take one that is given later.</summary>
    static readonly TimeSpan LeasePatience = TimeSpan.FromSeconds(10);

    /// <summary>
    /// Whether an edge other than the one that asks uses this name. A newcomer leases the name only if not: else two processes
    /// that are restarted whenever they end would take it from each other for ever. A holder that was killed costs
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
    /// at about the same time share one write; one that waited <see cref="LeasePatience"/> is not given.
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
