using System.Diagnostics;
using System.Globalization;
using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Simulation;

namespace KadOrleans.Benchmarks.Storage;

/// <summary>
/// The cost of a put into a store in memory: with room, with an eviction, and when it is refused. Also the memory of a million keys, by
/// their number of sources.
/// </summary>
internal static class RoomBenchmark
{
    private const int Keys = 1_000_000;
    private const int Measured = 200_000;
    private static readonly DateTimeOffset Now = new(2024, 1, 1, 0, 0, 0, TimeSpan.Zero);

    public static void Run()
    {
        foreach (var sources in (int[])[0, 100, 10_000, 1_000_000])
        {
            Measure(sources);
        }
    }

    private static void Measure(int sources)
    {
        var random = new SeededRandomSource(1);
        var keys = Enumerable.Range(0, Keys + (2 * Measured)).Select(_ => NodeId.Random(random)).ToArray();
        var before = GC.GetTotalMemory(forceFullCollection: true);
        var shard = new KeyShard(StoreQuota.Unlimited with { TotalKeys = Keys, TotalBytes = 1L << 30 });
        var room = Time(shard, keys, 0, Keys, i => Source(i, sources));
        var bytes = (GC.GetTotalMemory(forceFullCollection: true) - before) / (double)Keys;
        var evicting = Time(shard, keys, Keys, Measured, i => sources == 0 ? default : new SourceNetwork(0x2001_0DB8_0000_0000UL + ((ulong)i << 16), 0));
        var refused = Time(shard, keys, Keys + Measured, Measured, i => Source(0, Math.Max(sources, 1)));
        Console.WriteLine(string.Create(
            CultureInfo.InvariantCulture,
            $"{sources} sources: {bytes:F0} bytes a key; put {room:F0} ns with room, {evicting:F0} ns when full ({shard.Turnover.Evicted} evicted), {refused:F0} ns when refused"));
    }

    private static double Time(KeyShard shard, NodeId[] keys, int first, int count, Func<int, SourceNetwork> sourceOf)
    {
        var watch = Stopwatch.StartNew();
        for (var i = 0; i < count; i++)
        {
            shard.Put(keys[first + i], new StoredValue(DhtValue.FromInteger(i), Now, Now.AddDays(7), sourceOf(i)));
        }

        return watch.Elapsed.TotalNanoseconds / count;
    }

    // Ten sources to a /24; none at all is the node itself.
    private static SourceNetwork Source(int number, int sources) => sources == 0
        ? default
        : new SourceNetwork(0, 0xFFFF_0B00_0000UL + (ulong)((number % sources / 10 << 8) | (number % sources % 10)));
}
