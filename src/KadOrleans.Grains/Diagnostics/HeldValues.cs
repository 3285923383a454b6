using System.Collections.Concurrent;

namespace KadOrleans.Grains.Diagnostics;

/// <summary>What the shards that are active on this silo hold. Those that nobody asked for since the start are not counted.</summary>
internal sealed class HeldValues
{
    private static readonly ConcurrentDictionary<HeldValues, byte> Shards = new();
    private long _keys;
    private long _bytes;

    public static long Keys => Shards.Keys.Sum(shard => Volatile.Read(ref shard._keys));

    public static long Bytes => Shards.Keys.Sum(shard => Volatile.Read(ref shard._bytes));

    /// <summary>An activation is counted from now on.</summary>
    public void Begin() => Shards.TryAdd(this, 0);

    /// <summary>It holds so much now.</summary>
    public void Note(long keys, long bytes)
    {
        Volatile.Write(ref _keys, keys);
        Volatile.Write(ref _bytes, bytes);
    }

    /// <summary>It ended.</summary>
    public void End() => Shards.TryRemove(this, out _);
}
