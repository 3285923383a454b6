using KadOrleans.Core;
using KadOrleans.Core.Estimation;
using KadOrleans.Core.Routing;
using KadOrleans.Core.Values;
using KadOrleans.Node.Clocks;
using KadOrleans.Node.Ports;

namespace KadOrleans.Node;

/// <summary>How a node is doing.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Listening">What it is bound to.</param>
/// <param name="Buckets">Its k-buckets.</param>
/// <param name="Usage">What it holds for others.</param>
/// <param name="Counts">Counts since the start, by name.</param>
public sealed record NodeStatus(
    NodeId Id,
    IReadOnlyList<UdpEndpoint> Listening,
    IReadOnlyList<BucketSummary> Buckets,
    KeyStoreUsage Usage,
    IReadOnlyDictionary<string, long> Counts)
{
    /// <summary>What it evicted and changed of that since the start.</summary>
    public StoreTurnover Turnover { get; init; }

    /// <summary>The ten sources that changed most values of others, most first.</summary>
    public IReadOnlyList<SourceChanges> TopChanges { get; init; } = [];

    /// <summary>How many nodes the network has by its last lookups, or null before there were enough of them.</summary>
    public NetworkSizeEstimate? NetworkSize { get; init; }

    /// <summary>What the node makes of the system's clock.</summary>
    public ClockStatus Clock { get; init; } = new(true, TimeSpan.Zero);

    /// <summary>Why the node can store nothing now, in one sentence; null while it can.</summary>
    public string? StorageProblem { get; init; }
}

/// <summary>How one contact sees this node.</summary>
/// <param name="Contact">Who was asked.</param>
/// <param name="Seen">The address and port it reports; null without an answer.</param>
public sealed record VisibleAddress(Contact Contact, UdpEndpoint? Seen);
