using System.Diagnostics.Metrics;

namespace KadOrleans.Edge;

/// <summary>Compares this process's clock with the cluster's time, and logs each change. Safe for several threads.</summary>
internal sealed class ClockWatch : IDisposable
{
    private readonly TimeProvider _time;
    private readonly Func<TimeProvider> _reported;
    private readonly ILogger _logger;
    private readonly Meter _meter = new(KadTelemetry.MeterName);

    // Null before the first comparison. Boxed, because a struct of two fields is not read atomically.
    private volatile object? _last;
    private readonly ClusterCorrection _correction = new();

    /// <param name="time">What this process takes for the time: what is corrected.</param>
    /// <param name="logger">The log.</param>
    /// <param name="reported">The clock whose difference is reported. Null: the same.</param>
    public ClockWatch(TimeProvider time, ILogger<ClockWatch> logger, Func<TimeProvider>? reported = null)
    {
        (_time, _reported, _logger) = (time, reported ?? (() => time), logger);
        _meter.CreateObservableGauge(
            "kad.clock.difference", Measure, "s", "How far the cluster's time is ahead of this process's clock.");
    }

    public ClockComparison? Last => (ClockComparison?)_last;

    /// <summary>What to add to this process's clock to get the cluster's time.</summary>
    public TimeSpan Correction => _correction.Value;

    public bool IsSkewed => Last is { IsSkewed: true };

    /// <summary>Compares once. Throws what the call throws; <see cref="Last"/> then stays as it was.</summary>
    public async Task CompareAsync(IGrainFactory grains, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var directory = grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
        var (asked, reported, start) = (_time.GetUtcNow(), _reported().GetUtcNow(), _time.GetTimestamp());
        var theirs = await directory.GetUtcNowAsync().AsTask().WaitAsync(timeout, _time, cancellationToken);
        var waited = _time.GetElapsedTime(start);
        Record(ClockComparison.Of(asked, waited, theirs), ClockComparison.Of(reported, waited, theirs));
    }

    public void Dispose() => _meter.Dispose();

    internal void Record(ClockComparison comparison) => Record(comparison, comparison);

    private void Record(ClockComparison believed, ClockComparison comparison)
    {
        var wasSkewed = IsSkewed;
        _last = comparison;
        _correction.Apply(believed);
        if (comparison.IsSkewed != wasSkewed)
        {
            var seconds = Math.Round(comparison.Difference.TotalSeconds, 1);
            if (wasSkewed)
            {
                _logger.ClocksAgree(seconds);
            }
            else
            {
                _logger.ClocksDiffer(seconds, ClockComparison.Bound.TotalSeconds);
            }
        }
    }

    private IEnumerable<Measurement<double>> Measure() => Last is { } last ? [new Measurement<double>(last.Difference.TotalSeconds)] : [];
}
