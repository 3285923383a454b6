using System.Globalization;
using KadOrleans.Core;

namespace KadOrleans.Grains.Abstractions;

/// <summary>Builds the keys of the cluster's grains.</summary>
internal static class GrainKeys
{
    /// <summary>The key of grains of which a cluster has one.</summary>
    public const long Singleton = 0;

    /// <summary>The fewest bits of a key that choose its shard.</summary>
    public const int MinShardBits = 0;

    /// <summary>The most: 65,536 shards.</summary>
    public const int MaxShardBits = 16;

    /// <summary>The default: 128 shards.</summary>
    public const int DefaultShardBits = 7;

    /// <summary>The key of the grain that holds a node id's routing table: its 40 hexadecimal digits.</summary>
    public static string RoutingTable(NodeId nodeId) => nodeId.ToString();

    /// <summary>
    /// The number of the shard that holds a key: the value of its first <paramref name="shardBits"/> bits. It is also the shard's grain key
    /// if the cluster was made with so many.
    /// </summary>
    public static int Shard(NodeId key, int shardBits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shardBits, MinShardBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shardBits, MaxShardBits);
        if (shardBits == 0)
        {
            return 0;
        }

        Span<byte> bytes = stackalloc byte[NodeId.Length];
        key.CopyTo(bytes);
        return ((bytes[0] << 8) | bytes[1]) >> (16 - shardBits);
    }

    /// <summary>
    /// The grain key of a shard. Shards of more bits than the cluster was made with have keys of their own. So their states are others than
    /// those of the shards that they replace.
    /// </summary>
    public static long Shard(ShardPrefix prefix, int firstBits) =>
        prefix.Bits == firstBits ? prefix.Number : ((long)prefix.Bits << MaxShardBits) | (uint)prefix.Number;

    /// <summary>The number of the shard with a grain key.</summary>
    public static int NumberOf(long shard) => (int)(shard & 0xFFFF);

    /// <summary>The shard with a grain key; null if no cluster of so many bits can have it.</summary>
    public static ShardPrefix? FindPrefix(long shard, int firstBits)
    {
        var bits = shard >> MaxShardBits;
        var prefix = new ShardPrefix(bits == 0 ? firstBits : (int)Math.Clamp(bits, -1, MaxShardBits + 1), NumberOf(shard));
        return (bits == 0 || (bits > firstBits && bits <= MaxShardBits)) && prefix.Number >> prefix.Bits == 0 ? prefix : null;
    }

    /// <summary>The name of a shard for logs and messages.</summary>
    public static string ShardName(long shard) => string.Create(CultureInfo.InvariantCulture, $"shard {shard:x4}");
}
