namespace KadOrleans.Client;

// How the keys of a cluster are divided into shards. FirstBits: the bits that the cluster was made with; the grain keys of their
// shards are the shards' numbers. Bits: the bits in use, FirstBits to 16. Each doubling adds one.
internal readonly record struct ShardLayout(int FirstBits, int Bits)
{
    /// <summary>The most keys, puts or shards in one call.</summary>
    public const int MaxItems = 1024;

    public int Count => 1 << Bits;

    public static ShardLayout Of(int bits) => new(bits, bits);

    public static void CheckLength<T>(IReadOnlyList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count > MaxItems)
        {
            throw new ArgumentException($"A call takes at most {MaxItems} items, not {items.Count}.", nameof(items));
        }
    }

    public static void CheckCount(int count)
    {
        if (count is < 1 or > MaxItems)
        {
            throw new ArgumentException($"A call returns 1 to {MaxItems} keys, not {count}.", nameof(count));
        }
    }

    public long ShardOf(NodeId key) => ShardAt(GrainKeys.Shard(key, Bits));

    public long ShardAt(int number) => GrainKeys.Shard(new ShardPrefix(Bits, number), FirstBits);

    // The grain keys of the shards that may have keys of a region, in the order of keys. Those that have only keys up to after are left out.
    public IEnumerable<long> ShardsOf(KeyRegion region, NodeId? after = null)
    {
        var range = region.Range;
        var last = GrainKeys.Shard(HighestOf(range), Bits);
        for (var number = GrainKeys.Shard(after > range.Prefix ? after.Value : range.Prefix, Bits); number <= last; number++)
        {
            if (region.Overlaps(new ShardPrefix(Bits, number).Range))
            {
                yield return ShardAt(number);
            }
        }
    }

    /// <summary>The highest key that a shard in use can have: a page that continues after it begins with the next shard.</summary>
    public NodeId EndOf(long shard) => HighestOf(new ShardPrefix(Bits, GrainKeys.NumberOf(shard)).Range);

    private static NodeId HighestOf(BucketRange range) => Enumerable.Range(range.Depth, NodeId.BitLength - range.Depth)
        .Aggregate(range.Prefix, static (id, bit) => id.WithBit(bit, true));

    /// <summary>The shard with this grain key, in use or not; null if there can be none.</summary>
    public ShardPrefix? Find(long shard)
    {
        var bits = shard >> GrainKeys.MaxShardBits;
        var prefix = new ShardPrefix(bits == 0 ? FirstBits : (int)Math.Clamp(bits, -1, GrainKeys.MaxShardBits + 1), GrainKeys.NumberOf(shard));
        return (bits == 0 || (bits > FirstBits && bits <= GrainKeys.MaxShardBits)) && prefix.Number >> prefix.Bits == 0 ? prefix : null;
    }

    public bool IsInUse(long shard) => Find(shard)?.Bits == Bits;
}

/// <summary>The keys of a shard: those whose first 0 to 16 bits have a value.</summary>
internal readonly record struct ShardPrefix(int Bits, int Number)
{
    public BucketRange Range
    {
        get
        {
            var bits = Number << (GrainKeys.MaxShardBits - Bits);
            var prefix = new byte[NodeId.Length];
            (prefix[0], prefix[1]) = ((byte)(bits >> 8), (byte)bits);
            return new BucketRange(new NodeId(prefix), Bits);
        }
    }

    /// <summary>The shards that replace this one in a doubling.</summary>
    public (ShardPrefix Lower, ShardPrefix Upper) Halves => (new(Bits + 1, 2 * Number), new(Bits + 1, (2 * Number) + 1));

    public bool Contains(NodeId key) => GrainKeys.Shard(key, Bits) == Number;
}
