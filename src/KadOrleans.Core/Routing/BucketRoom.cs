namespace KadOrleans.Core.Routing;

/// <summary>Whether newcomers of a range find a place in the table; part of a <see cref="RoutingTableSnapshot"/>.</summary>
/// <param name="Range">What the bucket covers.</param>
/// <param name="HasRoom">The bucket holds fewer than k contacts, can be split, or has fewer than k replacements.</param>
public readonly record struct BucketRoom(BucketRange Range, bool HasRoom);
