namespace KadOrleans.Core.Routing;

/// <summary>The ids that share a prefix: what one bucket covers (Kademlia §2.4).</summary>
/// <param name="Prefix">The shared bits; those behind them are set to 0.</param>
/// <param name="Depth">How many bits are shared, 0 (the whole space) to 160.</param>
public readonly record struct BucketRange(NodeId Prefix, int Depth)
{
    /// <summary>All ids.</summary>
    public static BucketRange Whole => default;

    /// <summary>The lowest id of the range.</summary>
    public NodeId Prefix { get; } = Prefix.Prefix(Depth);

    /// <summary>The half whose next bit is 0.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is a single id.</exception>
    public BucketRange LowerHalf => new(Prefix, Depth + 1);

    /// <summary>The half whose next bit is 1.</summary>
    /// <exception cref="ArgumentOutOfRangeException">The range is a single id.</exception>
    public BucketRange UpperHalf => new(Prefix.WithBit(Depth, true), Depth + 1);

    /// <summary>Whether the range covers <paramref name="id"/>.</summary>
    public bool Contains(NodeId id) => id.CommonPrefixLength(Prefix) >= Depth;

    /// <summary>Whether the two ranges share an id; then one covers the other.</summary>
    public bool Overlaps(BucketRange other) => Prefix.CommonPrefixLength(other.Prefix) >= Math.Min(Depth, other.Depth);

    /// <summary>An id drawn uniformly from the range: the target of its refresh (Kademlia §2.3).</summary>
    public NodeId RandomId(IRandomSource random) => Prefix.RandomWithPrefix(Depth, random);

    /// <summary><c>40 hex digits/depth</c>.</summary>
    public override string ToString() => $"{Prefix}/{Depth}";
}
