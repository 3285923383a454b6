namespace KadOrleans.Core.Routing;

/// <summary>Whether new contacts of a range have room in the table; part of a <see cref="RoutingTableSnapshot"/>.</summary>
/// <param name="Range">The bucket's range.</param>
/// <param name="HasRoom">The bucket holds fewer than k contacts, can be split, or has fewer than k replacements.</param>
public readonly record struct BucketRoom(BucketRange Range, bool HasRoom)
{
    /// <summary>The bucket holds k contacts and cannot be split, so a new one has to wait.</summary>
    public bool IsFull { get; init; }
}
