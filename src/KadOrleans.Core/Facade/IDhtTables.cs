namespace KadOrleans;

/// <summary>The routing tables of a DHT, its contacts, and the work that is done at intervals: a part of <see cref="IDhtAdmin"/>.</summary>
public interface IDhtTables
{
    /// <summary>Describes the routing table of a node id. Null: the node's own, or the only one of a cluster.</summary>
    /// <exception cref="ArgumentException">The id is none of this DHT, or it has several and none is given.</exception>
    Task<TableDetails> GetTableAsync(NodeId? id = null, CancellationToken cancellationToken = default);

    /// <summary>
    /// Looks a target up in the network, from this node or a live edge, and tells each query. It changes nothing but what a lookup learns.
    /// Cancelled, a node's lookup ends with what it has.
    /// </summary>
    Task<LookupTrace> TraceLookupAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken = default);

    /// <summary>What each routing table knows of a contact. Empty if none has it.</summary>
    Task<IReadOnlyList<ContactDetails>> GetContactAsync(NodeId id, CancellationToken cancellationToken = default);

    /// <summary>
    /// Drops a contact from all routing tables and returns how many had it. It comes back when it is heard of again; a ban keeps it away.
    /// </summary>
    Task<int> DropContactAsync(NodeId id, CancellationToken cancellationToken = default);

    /// <summary>
    /// Begins work now that is done at intervals otherwise, and does not wait for its end. Returns how many tables or shards took it; those
    /// that have enough to do take none.
    /// </summary>
    Task<int> RunAsync(DhtWork work, CancellationToken cancellationToken = default);

    /// <summary>
    /// When the first of the values that are not due yet is due to be sent again, at the earliest. Null if there is none. It looks at each key that is
    /// held, without its value.
    /// </summary>
    Task<DateTimeOffset?> FindNextDueAsync(CancellationToken cancellationToken = default);
}
