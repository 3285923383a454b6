using System.Text;

namespace KadOrleans;

/// <summary>The nodes of a DHT.</summary>
/// <param name="Nodes">One node, or one entry for each live edge of the cluster.</param>
public sealed record DhtStatus(IReadOnlyList<DhtNodeStatus> Nodes)
{
    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

/// <summary>One node, or one edge of a cluster with its node ids.</summary>
/// <param name="Name">The edge's name; empty for a single node.</param>
/// <param name="Ids">Its node ids.</param>
/// <param name="Endpoints">What it listens on, one or more for each id.</param>
/// <param name="Contacts">Contacts in its routing tables.</param>
/// <param name="Counts">Counters since its start, by name.</param>
public sealed record DhtNodeStatus(
    string Name,
    IReadOnlyList<NodeId> Ids,
    IReadOnlyList<UdpEndpoint> Endpoints,
    int Contacts,
    IReadOnlyDictionary<string, long> Counts)
{
    /// <summary>Nodes in the network, as its lookups estimate; null before they can.</summary>
    public double? NetworkSize { get; init; }

    /// <summary>
    /// Whether it is the first of its network, and alone in it now: it was given no bootstrap node, and knows nobody. That is no fault; others
    /// join through one of its <see cref="Endpoints"/>. Of an edge, whether all its node ids are.
    /// </summary>
    public bool IsFirst { get; init; }

    /// <summary>How far its upkeep is; of an edge as of its last report, up to 10 s ago. Null before its first report.</summary>
    public SweepProgress? Sweep { get; init; }

    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}
