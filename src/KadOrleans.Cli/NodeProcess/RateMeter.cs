namespace KadOrleans.Cli;

// The growth of counters per second over about the last minute. The owner adds a sample every five seconds. With one sample there
// is no rate yet.
public sealed class RateMeter(TimeProvider time)
{
    public static readonly TimeSpan Interval = TimeSpan.FromSeconds(5);

    // A minute and the sample that begins it.
    private const int Samples = 13;

    private volatile (long At, IReadOnlyDictionary<string, long> Counts)[] _samples = [];

    public void Add(IReadOnlyDictionary<string, long> counts) => _samples = [.. _samples.TakeLast(Samples - 1), (time.GetTimestamp(), counts)];

    public (TimeSpan Over, IReadOnlyDictionary<string, double> PerSecond) Read(IReadOnlyDictionary<string, long> now)
    {
        if (_samples is not [var oldest, ..])
        {
            return (TimeSpan.Zero, new Dictionary<string, double>());
        }

        var elapsed = time.GetElapsedTime(oldest.At);
        return (elapsed, now.OrderBy(count => count.Key, StringComparer.Ordinal).ToDictionary(
            count => count.Key,
            count => elapsed > TimeSpan.Zero ? Math.Round((count.Value - oldest.Counts.GetValueOrDefault(count.Key)) / elapsed.TotalSeconds, 3) : 0));
    }
}
