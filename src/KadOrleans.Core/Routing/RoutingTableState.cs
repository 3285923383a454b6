namespace KadOrleans.Core.Routing;

/// <summary>All that a <see cref="RoutingTable"/> is made of, for storage.</summary>
/// <param name="OwnId">The id of the node.</param>
/// <param name="Version">The table's version when it was saved.</param>
/// <param name="Buckets">In the order of their ranges.</param>
public sealed record RoutingTableState(NodeId OwnId, long Version, IReadOnlyList<SavedBucket> Buckets);
