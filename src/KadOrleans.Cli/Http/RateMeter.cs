namespace KadOrleans.Cli.Http;

/// <summary>
/// The growth of counters per second over about the last minute. The owner adds a sample every five seconds. With one sample there is no
/// rate yet.
/// </summary>
internal sealed class RateMeter
{
    /// <summary>Time between samples.</summary>
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // A minute and the sample that begins it.
    private const int Samples = 13;

    // Guards _samples.
    private readonly Lock _gate = new();
    private readonly Queue<(long At, IReadOnlyDictionary<string, long> Counts)> _samples = new(Samples);
    private readonly TimeProvider _time;

    public RateMeter(TimeProvider time)
    {
        _time = time;
    }

    /// <summary>Takes a sample.</summary>
    public void Add(IReadOnlyDictionary<string, long> counts)
    {
        lock (_gate)
        {
            if (_samples.Count == Samples)
            {
                _samples.Dequeue();
            }

            _samples.Enqueue((_time.GetTimestamp(), counts));
        }
    }

    /// <summary>The growth per second from the oldest sample to now, and the time between them.</summary>
    public (TimeSpan Over, IReadOnlyDictionary<string, double> PerSecond) Read(IReadOnlyDictionary<string, long> now)
    {
        long at;
        IReadOnlyDictionary<string, long> then;
        lock (_gate)
        {
            if (!_samples.TryPeek(out var oldest))
            {
                return (TimeSpan.Zero, new Dictionary<string, double>());
            }

            (at, then) = oldest;
        }

        var elapsed = _time.GetElapsedTime(at);
        var rates = new SortedDictionary<string, double>(StringComparer.Ordinal);
        foreach (var (name, count) in now)
        {
            var grown = count - then.GetValueOrDefault(name);
            rates[name] = elapsed > TimeSpan.Zero ? Math.Round(grown / elapsed.TotalSeconds, 3) : 0;
        }

        return (elapsed, rates);
    }
}
