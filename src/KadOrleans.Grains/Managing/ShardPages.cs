using System.Buffers.Binary;
using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;

namespace KadOrleans.Grains.Managing;

/// <summary>Which shards have the keys of a region, in the order of keys. A shard has the keys with one prefix.</summary>
/// <param name="shardBits">The bits of that prefix.</param>
internal readonly struct ShardPages(int shardBits)
{
    private readonly int _bits = shardBits;

    /// <summary>The shards of a region above a key, or all of them.</summary>
    public IEnumerable<long> Of(KeyRegion region, NodeId? after)
    {
        var range = region.Range;
        var first = ShardOf(after > range.Prefix ? after.Value : range.Prefix);
        var last = ShardOf(HighestOf(range.Prefix, range.Depth));
        for (var shard = first; shard <= last; shard++)
        {
            yield return shard;
        }
    }

    /// <summary>The number of shards.</summary>
    public long Count => 1L << _bits;

    /// <summary>The shard of a key.</summary>
    public long ShardOf(NodeId key) => GrainKeys.Shard(key, _bits);

    /// <summary>The highest key that a shard can have: a page that continues after it begins with the next shard.</summary>
    public NodeId EndOf(long shard)
    {
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        bytes.Clear();
        BinaryPrimitives.WriteUInt16BigEndian(bytes, (ushort)(shard << (16 - _bits)));
        return HighestOf(new NodeId(bytes), _bits);
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
