using KadOrleans.Wire;

namespace KadOrleans.Lab.Benchmarking;

/// <summary>What came of a load, over all its rounds.</summary>
internal sealed class LoadResult
{
    private readonly long[] _answers = new long[5];
    private readonly long[] _answerBytes = new long[5];

    /// <summary>How long requests were sent.</summary>
    public TimeSpan Elapsed { get; set; }

    /// <summary>Answers that came while they were.</summary>
    public long Answered { get; private set; }

    /// <summary>Requests without an answer within a second.</summary>
    public long Lost { get; set; }

    /// <summary>Answers other than expected: a key that is not held, a STORE that was refused, no contacts where there are some.</summary>
    public long Unexpected { get; private set; }

    /// <summary>Processor time of the target, where that is a process of ours.</summary>
    public TimeSpan? TargetCpu { get; set; }

    /// <summary>Garbage collections of the target while requests were sent, where it tells them.</summary>
    public GarbageCollections? TargetCollections { get; set; }

    /// <summary>The target's memory after the last round, where it is a process of ours.</summary>
    public ResidentMemory? TargetMemory { get; set; }

    /// <summary>Responses of each whole second that requests were sent.</summary>
    public List<long> EachSecond { get; } = [];

    public LatencyHistogram Latencies { get; } = new();

    public double PerSecond => Elapsed == TimeSpan.Zero ? 0 : Answered / Elapsed.TotalSeconds;

    /// <summary>Microseconds of the target's processor per answer.</summary>
    public double? CpuPerAnswer => Answered == 0 ? null : TargetCpu?.TotalMicroseconds / Answered;

    public double LossShare => Lost == 0 ? 0 : (double)Lost / (Lost + Answered);

    /// <summary>Bytes of an answer to this kind on average, rounded; 0 without one.</summary>
    public int AnswerLength(RequestKind kind) =>
        _answers[(int)kind] == 0 ? 0 : (int)(_answerBytes[(int)kind] / _answers[(int)kind]);

    /// <summary>The same over all kinds.</summary>
    public int AnswerBytes => Latencies.Count == 0 ? 0 : (int)(_answerBytes.Sum() / Latencies.Count);

    public long AnswersTo(RequestKind kind) => _answers[(int)kind];

    /// <summary>Counts an answer.</summary>
    /// <param name="request">What was asked.</param>
    /// <param name="answer">The whole datagram.</param>
    /// <param name="latency">How long it took.</param>
    /// <param name="isInTime">Whether it came while requests were sent: only then it counts towards the rate.</param>
    public void Add(RequestTemplate request, ReadOnlySpan<byte> answer, TimeSpan latency, bool isInTime)
    {
        Latencies.Add(latency);
        _answers[(int)request.Kind]++;
        _answerBytes[(int)request.Kind] += answer.Length;
        Answered += isInTime ? 1 : 0;
        Unexpected += request.IsExpected(answer) ? 0 : 1;
    }
}
