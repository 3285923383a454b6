using System.Diagnostics.Metrics;

namespace KadOrleans.Edge;

/// <summary>Compares this process's clock with the cluster's time, and logs each change. Safe for several threads.</summary>
internal sealed class ClockWatch : IDisposable
{
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Meter _meter = new(EdgeMetrics.MeterName);

    // Null before the first comparison. Boxed, because a struct of two fields is not read atomically.
    private volatile object? _last;
    private readonly ClusterCorrection _correction = new();

    public ClockWatch(TimeProvider time, ILogger<ClockWatch> logger)
    {
        (_time, _logger) = (time, logger);
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
        var (asked, start) = (_time.GetUtcNow(), _time.GetTimestamp());
        var theirs = await directory.GetUtcNowAsync().AsTask().WaitAsync(timeout, _time, cancellationToken);
        Note(ClockComparison.Of(asked, _time.GetElapsedTime(start), theirs));
    }

    public void Dispose() => _meter.Dispose();

    internal void Note(ClockComparison comparison)
    {
        var wasSkewed = IsSkewed;
        _last = comparison;
        _correction.Follow(comparison);
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
