using KadOrleans.Core;

namespace KadOrleans.Grains.Abstractions.Edges;

/// <summary>The node ids that an edge may use.</summary>
/// <param name="Epoch">Grows with every lease of the name; whoever acts under an older one is fenced.</param>
/// <param name="NodeIds">One per UDP port, always in the same order.</param>
/// <param name="Settings">What the cluster is built on.</param>
[GenerateSerializer]
[Alias("kad.EdgeLease")]
public sealed record EdgeLease(
    [property: Id(0)] long Epoch,
    [property: Id(1)] IReadOnlyList<NodeId> NodeIds,
    [property: Id(2)] ClusterSettings Settings);
