using System.Text;

namespace KadOrleans;

/// <summary>A name that a cluster's edges have used.</summary>
/// <param name="Name">The name.</param>
/// <param name="State">What is known of its edge.</param>
/// <param name="Ids">The node ids reserved for it.</param>
/// <param name="Endpoints">Where a live edge listens, in the order of the ids that it serves.</param>
/// <param name="Contacts">Contacts in a live edge's tables.</param>
/// <param name="Epoch">How many leases the name has had.</param>
/// <param name="LastSeen">
/// When its edge was last known to be alive: now for a live one, of others its last renewal, or when the directory began where it is now if the edge
/// was not heard there; null if that is unknown.
/// </param>
public sealed record EdgeDetails(
    string Name,
    EdgeLeaseState State,
    IReadOnlyList<NodeId> Ids,
    IReadOnlyList<UdpEndpoint> Endpoints,
    int Contacts,
    long Epoch,
    DateTimeOffset? LastSeen)
{
    /// <summary>How long an edge that was killed may take to lease its name again. If it is too short, each crash and restart raises an alarm.</summary>
    internal static readonly TimeSpan LongestRestart = TimeSpan.FromMinutes(2);

    /// <summary>
    /// How far a live edge's upkeep is, as of its last report, up to 10 s ago. Null if it is not live, or has not reported yet.
    /// </summary>
    public SweepProgress? Sweep { get; init; }

    /// <summary>
    /// How many values a live edge has sent again since its start, as of its last report: held ones and own publications. Null if it is not live, or
    /// has not reported yet.
    /// </summary>
    public long? Sent { get; init; }

    /// <summary>
    /// Whether it is missing: silent for longer than a restart takes. One that was stopped or drained is not silent. False if it is unknown since when.
    /// </summary>
    internal bool IsLostAt(DateTimeOffset now) => State == EdgeLeaseState.Silent && now - LastSeen >= LongestRestart;

    private bool PrintMembers(StringBuilder text) => text.AppendMembers(this);
}

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
