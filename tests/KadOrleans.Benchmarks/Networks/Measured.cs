using System.Globalization;

namespace KadOrleans.Benchmarks.Networks;

/// <summary>What came of many operations of one kind. Safe for several threads.</summary>
/// <param name="name">What they are.</param>
internal sealed class Measured(string name)
{
    // Guards all that follows.
    private readonly Lock _gate = new();
    private readonly List<TimeSpan> _latencies = [];
    private int _failed;
    private int _local;
    private long _requests;

    public int Count
    {
        get
        {
            lock (_gate)
            {
                return _latencies.Count;
            }
        }
    }

    /// <summary>Counts one.</summary>
    /// <param name="latency">How long it took.</param>
    /// <param name="succeeded">Whether the value was stored anywhere, or found as it was set.</param>
    /// <param name="wasLocal">Whether the asker had it and asked nobody.</param>
    /// <param name="requests">Requests of its lookup.</param>
    public void Add(TimeSpan latency, bool succeeded, bool wasLocal, int requests)
    {
        lock (_gate)
        {
            _latencies.Add(latency);
            _failed += succeeded ? 0 : 1;
            _local += wasLocal ? 1 : 0;
            _requests += requests;
        }
    }

    /// <summary>A line for people.</summary>
    /// <param name="elapsed">How long it took in all.</param>
    /// <param name="cpu">Processor time of the whole process meanwhile; zero where other operations share it.</param>
    public string Describe(TimeSpan elapsed, TimeSpan cpu)
    {
        lock (_gate)
        {
            _latencies.Sort();
            var count = Math.Max(_latencies.Count, 1);
            var used = cpu == TimeSpan.Zero
                ? string.Empty
                : string.Create(CultureInfo.InvariantCulture, $", {cpu / elapsed:0.0} cores, {cpu.TotalMicroseconds / count:0} µs of CPU each");
            return string.Create(
                CultureInfo.InvariantCulture,
                $"{name}: {_latencies.Count} in {elapsed.TotalSeconds:0.0} s, {_latencies.Count / elapsed.TotalSeconds:0}/s; p50 {Quantile(0.5):0.00} ms, p99 {Quantile(0.99):0.00} ms, max {Quantile(1):0.00} ms; {_failed} failed, {_local} from the asker's own store, {(double)_requests / count:0.0} nodes asked by a lookup{used}");
        }
    }

    private double Quantile(double share) =>
        _latencies.Count == 0 ? 0 : _latencies[(int)Math.Ceiling(share * _latencies.Count) - 1].TotalMilliseconds;
}
