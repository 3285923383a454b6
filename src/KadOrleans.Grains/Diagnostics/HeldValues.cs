using System.Collections.Concurrent;

namespace KadOrleans.Grains.Diagnostics;

/// <summary>What the shards that are active on this silo hold. Those that nobody asked for since the start are not counted.</summary>
internal static class HeldValues
{
    private static readonly ConcurrentDictionary<object, (long Keys, long Bytes)> Shards = new();

    public static long Keys => Shards.Values.Sum(s => s.Keys);

    public static long Bytes => Shards.Values.Sum(s => s.Bytes);

    /// <summary>An activation holds so much now.</summary>
    public static void Note(object activation, long keys, long bytes) => Shards[activation] = (keys, bytes);

    /// <summary>An activation ended.</summary>
    public static void Forget(object activation) => Shards.TryRemove(activation, out _);
}
