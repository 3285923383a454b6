namespace KadOrleans.Node;

/// <summary>A node's state.</summary>
/// <param name="Id">Its id.</param>
/// <param name="Listening">Its bound endpoints.</param>
/// <param name="Buckets">Its k-buckets.</param>
/// <param name="Usage">The usage of its store.</param>
/// <param name="Counts">Counts since the start, by name.</param>
internal sealed record NodeStatus(
    NodeId Id,
    IReadOnlyList<UdpEndpoint> Listening,
    IReadOnlyList<BucketSummary> Buckets,
    KeyStoreUsage Usage,
    IReadOnlyDictionary<string, long> Counts)
{
    /// <summary>The values that it evicted and replaced since the start.</summary>
    public StoreTurnover Turnover { get; init; }

    /// <summary>The ten sources that changed most values of others, most first.</summary>
    public IReadOnlyList<SourceChanges> TopChanges { get; init; } = [];

    /// <summary>The network's size, estimated from the last lookups. Null before there were enough of them.</summary>
    public NetworkSizeEstimate? NetworkSize { get; init; }

    /// <summary>The node's view of the system's clock.</summary>
    public ClockStatus Clock { get; init; } = new(true, TimeSpan.Zero);

    /// <summary>Why the node cannot store values now, in one sentence. Null while it can.</summary>
    public string? StorageProblem { get; init; }
}

/// <summary>How one contact sees this node.</summary>
/// <param name="Contact">The contact.</param>
/// <param name="Seen">The address and port it reports; null without a response.</param>
public sealed record VisibleAddress(Contact Contact, UdpEndpoint? Seen);
