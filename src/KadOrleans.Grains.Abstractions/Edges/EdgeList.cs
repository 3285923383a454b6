namespace KadOrleans.Grains.Abstractions.Edges;

/// <summary>The edges whose leases are alive, as far as the directory knows.</summary>
/// <param name="Edges">In no order.</param>
/// <param name="KnownFor">
/// How long the directory has heard renewals. One that has just moved knows those that renewed since; from
/// <see cref="IEdgeDirectoryGrain.LeaseDuration"/> on it knows all.
/// </param>
/// <param name="Released">The names of edges that are not alive, as they handed their leases back in that time.</param>
[GenerateSerializer]
[Alias("kad.EdgeList")]
public sealed record EdgeList(
    [property: Id(0)] IReadOnlyList<LiveEdge> Edges, [property: Id(1)] TimeSpan KnownFor, [property: Id(2)] IReadOnlyList<string> Released)
{
    /// <summary>Whether an edge that is not named here is not alive.</summary>
    public bool IsComplete => KnownFor >= IEdgeDirectoryGrain.LeaseDuration;
}
