using KadOrleans.Core;
using KadOrleans.Core.Routing;

namespace KadOrleans.Grains.Abstractions.Edges;

/// <summary>Periodic work that a reminder found due and an edge does. Doing it twice does no harm.</summary>
[GenerateSerializer]
[Alias("kad.EdgeWork")]
internal abstract record EdgeWork
{
    private protected EdgeWork()
    {
    }
}

/// <summary>Look up a random id in each of these buckets (Kademlia §2.3).</summary>
/// <param name="NodeId">The id whose table they are of.</param>
/// <param name="Buckets">Buckets without a lookup for an hour.</param>
[GenerateSerializer]
[Alias("kad.RefreshBucketsWork")]
internal sealed record RefreshBucketsWork(
    [property: Id(0)] NodeId NodeId, [property: Id(1)] IReadOnlyList<BucketRange> Buckets) : EdgeWork;

/// <summary>Walk at random: look up a random id, to meet contacts that no lookup led to.</summary>
/// <param name="NodeId">The id that walks.</param>
[GenerateSerializer]
[Alias("kad.RandomWalkWork")]
internal sealed record RandomWalkWork([property: Id(0)] NodeId NodeId) : EdgeWork;

/// <summary>Ask the bootstrap nodes again: the table is empty.</summary>
/// <param name="NodeId">The id that joins.</param>
[GenerateSerializer]
[Alias("kad.RejoinWork")]
internal sealed record RejoinWork([property: Id(0)] NodeId NodeId) : EdgeWork;

/// <summary>Send these values out again, where they are due when their turn comes (Kademlia §2.5).</summary>
/// <param name="NodeId">The id that does it: of the cluster's, the one nearest to the keys.</param>
/// <param name="Keys">Their keys, at most <see cref="MaxKeys"/>.</param>
[GenerateSerializer]
[Alias("kad.RepublishWork")]
internal sealed record RepublishWork([property: Id(0)] NodeId NodeId, [property: Id(1)] IReadOnlyList<NodeId> Keys) : EdgeWork
{
    /// <summary>Keys of one piece of work: what an edge does in some ten seconds.</summary>
    public const int MaxKeys = 256;
}
