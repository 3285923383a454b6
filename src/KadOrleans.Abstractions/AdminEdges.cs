using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans;

/// <summary>A name that a cluster's edges have used.</summary>
/// <param name="Name">The name.</param>
/// <param name="State">What is known of its edge.</param>
/// <param name="Ids">The node ids reserved for it.</param>
/// <param name="Endpoints">Where a live edge listens, in the order of the ids that it serves.</param>
/// <param name="Contacts">Contacts in a live edge's tables.</param>
/// <param name="Epoch">How many leases the name has had.</param>
/// <param name="LastSeen">When its edge was known to live last, to a day; null if that is unknown.</param>
public sealed record EdgeDetails(
    string Name,
    EdgeLeaseState State,
    IReadOnlyList<NodeId> Ids,
    IReadOnlyList<UdpEndpoint> Endpoints,
    int Contacts,
    long Epoch,
    DateTimeOffset? LastSeen);

/// <summary>What is known of the edge of a name.</summary>
public enum EdgeLeaseState
{
    /// <summary>It renews its lease.</summary>
    Live,

    /// <summary>It neither renews its lease nor handed it back: it was killed, or does not reach the cluster.</summary>
    Silent,

    /// <summary>It handed its lease back.</summary>
    Released,

    /// <summary>An operator drained it: it gets no lease.</summary>
    Drained,
}

/// <summary>A change of an edge's name.</summary>
public enum EdgeAction
{
    /// <summary>Ends its lease and gives it no other: it stops answering within a renewal, 10 s. Its ids stay reserved.</summary>
    Drain,

    /// <summary>Ends a drain.</summary>
    Resume,

    /// <summary>Gives it other node ids with its next lease, which a live edge asks for within 10 s.</summary>
    RotateIds,

    /// <summary>Removes the name and its ids. Not of a live edge.</summary>
    Forget,
}

/// <summary>What a routing table knows of a contact.</summary>
/// <param name="Table">The node id whose table it is.</param>
/// <param name="Known">The contact and its history.</param>
public sealed record ContactDetails(NodeId Table, KnownContact Known);

/// <summary>Work that runs at intervals by itself.</summary>
public enum DhtWork
{
    /// <summary>Looks up a random id in each bucket of each table.</summary>
    Refresh,

    /// <summary>Does a random walk from each node id.</summary>
    Walk,

    /// <summary>Removes expired values, and sends values again that are due.</summary>
    Republish,
}

/// <summary>How many shards a cluster has.</summary>
/// <param name="Count">The shards in use.</param>
/// <param name="Split">While they are being doubled, how many are split so far; null otherwise.</param>
public sealed record ShardCount(int Count, int? Split);
