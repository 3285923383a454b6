namespace KadOrleans;

/// <summary>A name that a cluster's edges have used.</summary>
/// <param name="Name">The name.</param>
/// <param name="State">What is known of its edge.</param>
/// <param name="Ids">The node ids reserved for it.</param>
/// <param name="Endpoints">Where a live edge listens, in the order of the ids that it serves.</param>
/// <param name="Contacts">Contacts in a live edge's tables.</param>
/// <param name="Epoch">How many leases the name has had.</param>
/// <param name="LastSeen">When its edge was last known to be alive, up to a day too early; null if that is unknown.</param>
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

/// <summary>A silo of a cluster.</summary>
/// <param name="Address">Its address, as logs name it.</param>
/// <param name="Name">Its name. Null if it is not known.</param>
/// <param name="State">What the membership says: Active, Joining, ShuttingDown, Stopping, Dead or Created.</param>
/// <param name="StartedAt">When it started; null if it is not known.</param>
/// <param name="LastHeard">When it was last known to be alive: now, or when it last wrote so, by its own clock; null if that is unknown.</param>
/// <param name="ClockDifference">How far the cluster's time is ahead of its clock. Null if it does not tell.</param>
/// <param name="Version">The release that it runs. Null if it does not tell.</param>
/// <param name="IsReady">Whether it says that it takes calls.</param>
/// <param name="Reason">Why it is not ready, or what slows it. Null if there is nothing to say.</param>
/// <param name="HasEdgeDirectory">Whether the directory that leases node ids to edges is there.</param>
public sealed record SiloDetails(
    string Address,
    string? Name,
    string State,
    DateTimeOffset? StartedAt,
    DateTimeOffset? LastHeard,
    TimeSpan? ClockDifference,
    string? Version,
    bool IsReady,
    string? Reason,
    bool HasEdgeDirectory);

/// <summary>A shard of a cluster, and where it is.</summary>
/// <param name="Number">Its number, from 0.</param>
/// <param name="Name">Its name in logs and messages.</param>
/// <param name="Silos">The addresses of the silos that it is active on: one, or none while nobody asks for it.</param>
/// <param name="Missing">The addresses of silos that did not respond. It may be active there.</param>
public sealed record ShardDetails(int Number, string Name, IReadOnlyList<string> Silos, IReadOnlyList<string> Missing);

/// <summary>The bans of a DHT.</summary>
/// <param name="Bans">Those in force, the oldest first.</param>
/// <param name="Missing">The names of the edges that do not follow all of them yet, by name. They will when they reach the cluster again.</param>
public sealed record BanList(IReadOnlyList<BanEntry> Bans, IReadOnlyList<string> Missing);

/// <summary>The result of a ban or of its end. It is durable.</summary>
/// <param name="Changed">Whether something had to be changed.</param>
/// <param name="Missing"><inheritdoc cref="BanList" path="/param[@name='Missing']"/></param>
public sealed record BanChange(bool Changed, IReadOnlyList<string> Missing);

/// <summary>The limits of a DHT.</summary>
/// <param name="Limits">All of them, in a fixed order.</param>
/// <param name="Missing">
/// The names of the edges, and the addresses of the silos, that do not follow all of them yet. Silos ask for them each 15 s, edges each 10 s.
/// </param>
public sealed record LimitList(IReadOnlyList<LimitDetails> Limits, IReadOnlyList<string> Missing);

/// <summary>The result of a change of a limit. It is durable.</summary>
/// <param name="Changed">Whether something had to be changed.</param>
/// <param name="Missing"><inheritdoc cref="LimitList" path="/param[@name='Missing']"/></param>
public sealed record LimitChange(bool Changed, IReadOnlyList<string> Missing);

/// <summary>A change that an operator made, or tried to.</summary>
/// <param name="Time">When it ended, in UTC.</param>
/// <param name="Who">The name of the caller's token.</param>
/// <param name="Action">What was done, in a word or two, such as delete.</param>
/// <param name="Target">What was changed, such as the id of a key.</param>
/// <param name="Succeeded">Whether it was done. If not, a part may have been.</param>
/// <param name="Result">What came of it.</param>
public sealed record AuditEntry(DateTimeOffset Time, string Who, string Action, string Target, bool Succeeded, string Result)
{
    /// <summary>Grows with each entry. Given by the log.</summary>
    public long Number { get; init; }
}
