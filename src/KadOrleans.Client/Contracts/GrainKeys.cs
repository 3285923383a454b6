using System.Globalization;

namespace KadOrleans.Client;

internal static class GrainKeys
{
    public const long Singleton = 0;

    public const int MinShardBits = 0;

    public const int MaxShardBits = KadClusterOptions.MostShardBits;

    /// <summary>The key of the grain that holds a node id's routing table: its 40 hexadecimal digits.</summary>
    public static string RoutingTable(NodeId nodeId) => nodeId.ToString();

    // The number of the shard that holds a key: the value of its first shardBits bits. It is also the shard's grain key if the
    // cluster was made with so many.
    public static int Shard(NodeId key, int shardBits)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(shardBits, MinShardBits);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(shardBits, MaxShardBits);
        Span<byte> bytes = stackalloc byte[NodeId.Length];
        key.CopyTo(bytes);
        return ((bytes[0] << 8) | bytes[1]) >> (16 - shardBits);
    }

    // The grain key of a shard. Shards of more bits than the cluster was made with have other keys, and so other states, than the
    // shards that they replace.
    public static long Shard(ShardPrefix prefix, int firstBits) =>
        prefix.Bits == firstBits ? prefix.Number : ((long)prefix.Bits << MaxShardBits) | (uint)prefix.Number;

    public static int NumberOf(long shard) => (int)(shard & 0xFFFF);

    /// <summary>A shard's name in logs and messages: its number, and of how many shards it is one if there are more than at first.</summary>
    public static string ShardName(long shard) => (int)(shard >> MaxShardBits) is var bits && bits == 0
        ? string.Create(CultureInfo.InvariantCulture, $"shard {shard}")
        : string.Create(CultureInfo.InvariantCulture, $"shard {NumberOf(shard)} of {1 << bits}");
}
