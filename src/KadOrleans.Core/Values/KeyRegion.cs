using KadOrleans.Core.Routing;

namespace KadOrleans.Core.Values;

/// <summary>
/// The keys that have certain bits. Keys that are nearer to a node than to each of some contacts are such a region. Of two ids, the nearer
/// one has the key's bit where the two first differ (Kademlia §2.1). The default value is every key.
/// </summary>
/// <param name="Bits">The bits, where <paramref name="Mask"/> has ones.</param>
/// <param name="Mask">The bits that the region fixes, as ones.</param>
public readonly record struct KeyRegion(NodeId Bits, NodeId Mask)
{
    /// <summary>Every key.</summary>
    public static KeyRegion Everywhere => default;

    /// <summary>The bits that all keys of the region have; others are 0.</summary>
    public NodeId Bits { get; } = Bits.Masked(Mask);

    /// <summary>The smallest range of ids that has all keys of the region. Not all its ids need belong to it.</summary>
    public BucketRange Range => new(Bits, Mask.CommonPrefixLength(NodeId.MaxValue));

    /// <summary>Whether the key has the bits.</summary>
    public bool Contains(NodeId key) => key.Masked(Mask) == Bits;

    /// <summary>Whether some key of the range has the bits.</summary>
    public bool Overlaps(BucketRange range) => Range.Overlaps(range) && Bits.Prefix(range.Depth) == range.Prefix.Masked(Mask);
}
