using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;

namespace KadOrleans.Grains.Managing;

/// <summary>Which shards have the keys of a region, in the order of keys. A shard has the keys with one prefix.</summary>
/// <param name="layout">The shards in use.</param>
internal readonly struct ShardPages(ShardLayout layout)
{
    private readonly ShardLayout _layout = layout;

    /// <summary>The shards of a region above a key, or all of them.</summary>
    public IEnumerable<long> Of(KeyRegion region, NodeId? after)
    {
        var range = region.Range;
        var first = GrainKeys.NumberOf(ShardOf(after > range.Prefix ? after.Value : range.Prefix));
        var last = GrainKeys.NumberOf(ShardOf(HighestOf(range.Prefix, range.Depth)));
        for (var number = first; number <= last; number++)
        {
            yield return At(number);
        }
    }

    /// <summary>The number of shards.</summary>
    public int Count => _layout.Count;

    /// <summary>The grain key of the shard with a number.</summary>
    public long At(int number) => _layout.ShardAt(number);

    /// <summary>The shard of a key.</summary>
    public long ShardOf(NodeId key) => _layout.ShardOf(key);

    /// <summary>The highest key that a shard can have: a page that continues after it begins with the next shard.</summary>
    public NodeId EndOf(long shard)
    {
        var range = new ShardPrefix(_layout.Bits, GrainKeys.NumberOf(shard)).Range;
        return HighestOf(range.Prefix, range.Depth);
    }

    private static NodeId HighestOf(NodeId prefix, int depth)
    {
        var highest = prefix;
        for (var bit = depth; bit < NodeId.BitLength; bit++)
        {
            highest = highest.WithBit(bit, true);
        }

        return highest;
    }
}
