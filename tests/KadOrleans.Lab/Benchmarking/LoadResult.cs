using System.Numerics;

namespace KadOrleans.Lab;

/// <summary>What came of a load, over all its rounds.</summary>
internal sealed class LoadResult
{
    private readonly long[] _answers = new long[5];
    private readonly long[] _answerBytes = new long[5];

    public TimeSpan Elapsed { get; set; }

    public long Answered { get; private set; }

    public long Lost { get; set; }

    /// <summary>Answers other than expected: a key that is not held, a STORE that was refused, no contacts where there are some.</summary>
    public long Unexpected { get; private set; }

    public TimeSpan? TargetCpu { get; set; }

    /// <summary>Garbage collections of the target while requests were sent, where it tells them.</summary>
    public GarbageCollections? TargetCollections { get; set; }

    /// <summary>The target's memory after the last round, where it is a process of ours.</summary>
    public ResidentMemory? TargetMemory { get; set; }

    public List<long> EachSecond { get; } = [];

    public LatencyHistogram Latencies { get; } = new();

    public double PerSecond => Elapsed == TimeSpan.Zero ? 0 : Answered / Elapsed.TotalSeconds;

    /// <summary>Microseconds of the target's processor per answer.</summary>
    public double? CpuPerAnswer => Answered == 0 ? null : TargetCpu?.TotalMicroseconds / Answered;

    public double LossShare => Lost == 0 ? 0 : (double)Lost / (Lost + Answered);

    /// <summary>Bytes of an answer to this kind on average, rounded; 0 without one.</summary>
    public int AnswerLength(RequestKind kind) =>
        _answers[(int)kind] == 0 ? 0 : (int)(_answerBytes[(int)kind] / _answers[(int)kind]);

    public int AnswerBytes => Latencies.Count == 0 ? 0 : (int)(_answerBytes.Sum() / Latencies.Count);

    public long AnswersTo(RequestKind kind) => _answers[(int)kind];

    public void Add(RequestTemplate request, ReadOnlySpan<byte> answer, TimeSpan latency, bool isInTime)
    {
        Latencies.Add(latency);
        _answers[(int)request.Kind]++;
        _answerBytes[(int)request.Kind] += answer.Length;
        Answered += isInTime ? 1 : 0;
        Unexpected += request.IsExpected(answer) ? 0 : 1;
    }
}

/// <summary>Counts of durations, each within 1/32 of its length. Used by one thread.</summary>
internal sealed class LatencyHistogram
{
    private const int StepBits = 5;

    // Per power of two of nanoseconds, 32 steps.
    private readonly long[] _counts = new long[64 << StepBits];
    private long _longest;

    public long Count { get; private set; }

    public void Add(TimeSpan latency)
    {
        var nanoseconds = Math.Max(latency.Ticks * TimeSpan.NanosecondsPerTick, 0);
        _counts[PlaceOf(nanoseconds)]++;
        _longest = Math.Max(_longest, nanoseconds);
        Count++;
    }

    /// <summary>The duration that a share of all does not exceed, rounded up to its step; zero without any.</summary>
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
