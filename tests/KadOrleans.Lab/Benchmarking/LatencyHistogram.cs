using System.Numerics;

namespace KadOrleans.Lab.Benchmarking;

/// <summary>Counts of durations, each within 1/32 of its length. Used by one thread.</summary>
internal sealed class LatencyHistogram
{
    private const int StepBits = 5;

    // Per power of two of nanoseconds, 32 steps.
    private readonly long[] _counts = new long[64 << StepBits];
    private long _longest;

    public long Count { get; private set; }

    public TimeSpan Longest => TimeSpan.FromMicroseconds(_longest / 1_000.0);

    /// <summary>Counts one.</summary>
    public void Add(TimeSpan latency)
    {
        var nanoseconds = Math.Max(latency.Ticks * TimeSpan.NanosecondsPerTick, 0);
        _counts[PlaceOf(nanoseconds)]++;
        _longest = Math.Max(_longest, nanoseconds);
        Count++;
    }

    /// <summary>The duration that a share of all does not exceed, rounded up to its step; zero without any.</summary>
    /// <param name="share">0 to 1.</param>
    public TimeSpan Quantile(double share)
    {
        var wanted = Math.Max(1, (long)Math.Ceiling(share * Count));
        long seen = 0;
        for (var place = 0; place < _counts.Length; place++)
        {
            seen += _counts[place];
            if (seen >= wanted)
            {
                return TimeSpan.FromMicroseconds(Math.Min(EndOf(place), _longest) / 1_000.0);
            }
        }

        return TimeSpan.Zero;
    }

    private static int PlaceOf(long nanoseconds)
    {
        var shift = Math.Max(BitOperations.Log2((ulong)nanoseconds | 1) - StepBits, 0);
        return (shift << StepBits) + (int)(nanoseconds >> shift);
    }

    // Places up to 63 are nanoseconds; from there on the upper bits of the place say how far the rest is shifted.
    private static long EndOf(int place)
    {
        var shift = Math.Max((place >> StepBits) - 1, 0);
        return ((place - ((long)shift << StepBits) + 1) << shift) - 1;
    }
}
