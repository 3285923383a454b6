namespace KadOrleans.Client;

/// <summary>Periodic work that a reminder found due and an edge does. It may be done twice.</summary>
[GenerateSerializer]
[Alias("kad.EdgeWork")]
internal abstract record EdgeWork
{
    public abstract NodeId NodeId { get; init; }
}

/// <summary>Look up a random id in each of these buckets (Kademlia §2.3).</summary>
[GenerateSerializer]
[Alias("kad.RefreshBucketsWork")]
internal sealed record RefreshBucketsWork(
    [property: Id(0)] NodeId NodeId, [property: Id(1)] IReadOnlyList<BucketRange> Buckets) : EdgeWork;

[GenerateSerializer]
[Alias("kad.RandomWalkWork")]
internal sealed record RandomWalkWork([property: Id(0)] NodeId NodeId) : EdgeWork;

/// <summary>Query the bootstrap nodes again, as the table is empty.</summary>
[GenerateSerializer]
[Alias("kad.RejoinWork")]
internal sealed record RejoinWork([property: Id(0)] NodeId NodeId) : EdgeWork;

/// <summary>Republish or publish these keys, if they are still due (Kademlia §2.5).</summary>
[GenerateSerializer]
[Alias("kad.RepublishWork")]
internal sealed record RepublishWork([property: Id(0)] NodeId NodeId, [property: Id(1)] IReadOnlyList<NodeId> Keys) : EdgeWork
{
    /// <summary>The most keys in one piece of work, so that an edge can take a part of what a shard has.</summary>
    public const int MaxKeys = 256;
}
