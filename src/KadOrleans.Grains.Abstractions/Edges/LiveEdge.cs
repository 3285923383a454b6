using KadOrleans.Core;

namespace KadOrleans.Grains.Abstractions.Edges;

/// <summary>An edge whose lease is alive.</summary>
/// <param name="Name">Its stable name.</param>
/// <param name="Epoch">The epoch of its lease.</param>
/// <param name="NodeIds">Its ids.</param>
/// <param name="Observer">How to reach it.</param>
/// <param name="Report">What it last said of itself.</param>
[GenerateSerializer]
[Alias("kad.LiveEdge")]
public sealed record LiveEdge(
    [property: Id(0)] string Name,
    [property: Id(1)] long Epoch,
    [property: Id(2)] IReadOnlyList<NodeId> NodeIds,
    [property: Id(3)] IEdgeObserver Observer,
    [property: Id(4)] EdgeReport Report);
