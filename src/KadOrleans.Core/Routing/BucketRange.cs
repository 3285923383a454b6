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

/// <summary>Whether new contacts of a range have room in the table; part of a <see cref="RoutingTableSnapshot"/>.</summary>
/// <param name="Range">The bucket's range.</param>
/// <param name="HasRoom">The bucket holds fewer than k contacts, can be split, or has fewer than k replacements.</param>
public readonly record struct BucketRoom(BucketRange Range, bool HasRoom);

/// <summary>One bucket as an operator sees it.</summary>
/// <param name="Prefix">The lowest id it covers.</param>
/// <param name="Depth">How many leading bits its ids share, 0 to 160.</param>
/// <param name="Count">Contacts, at most k.</param>
/// <param name="Replacements">Contacts that wait for a place.</param>
/// <param name="LastLookup">When a lookup last had its target in the bucket; before the first one, when the table began.</param>
public readonly record struct BucketSummary(NodeId Prefix, int Depth, int Count, int Replacements, DateTimeOffset LastLookup)
{
    internal BucketRange Range => new(Prefix, Depth);
}
