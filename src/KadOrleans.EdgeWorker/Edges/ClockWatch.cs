using System.Diagnostics.Metrics;
using KadOrleans.EdgeWorker.Diagnostics;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Edges;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Edges;

/// <summary>
/// Compares this process's clock with that of the silo that leases node ids. All processes of a cluster use that one clock. Logs once when
/// the clocks are too far apart, and once when they agree again. Safe for several threads.
/// </summary>
internal sealed class ClockWatch : IDisposable
{
    private static readonly TimeSpan Agreement = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly Meter _meter = new(EdgeMetrics.MeterName);

    // Null before the first comparison. Boxed, because a struct of two fields is not read atomically.
    private volatile object? _last;
    private long _correction;

    /// <param name="time">This process's clock.</param>
    /// <param name="logger">Logs changes.</param>
    public ClockWatch(TimeProvider time, ILogger<ClockWatch> logger)
    {
        (_time, _logger) = (time, logger);
        _meter.CreateObservableGauge(
            "kad.clock.difference", Measure, "s", "How far the clock of the silo that leases node ids is ahead of this process's.");
    }

    /// <summary>The last comparison; null before the first.</summary>
    public ClockComparison? Last => (ClockComparison?)_last;

    /// <summary>
    /// What to add to this process's clock to get the cluster's time. Zero while the clocks agree to a second. A correction that moved with
    /// each comparison would reorder values that were taken in at nearly the same time.
    /// </summary>
    public TimeSpan Correction => new(Interlocked.Read(ref _correction));

    /// <summary>Whether the clocks were too far apart at the last comparison.</summary>
    public bool IsSkewed => Last is { IsSkewed: true };

    /// <summary>Compares once. Throws what the call throws; <see cref="Last"/> then stays as it was.</summary>
    /// <param name="grains">The way to the cluster.</param>
    /// <param name="timeout">The longest wait.</param>
    /// <param name="cancellationToken">Cancels the call.</param>
    public async Task CompareAsync(IGrainFactory grains, TimeSpan timeout, CancellationToken cancellationToken)
    {
        ArgumentNullException.ThrowIfNull(grains);
        var directory = grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);
        var (asked, start) = (_time.GetUtcNow(), _time.GetTimestamp());
        var theirs = await directory.GetUtcNowAsync().AsTask().WaitAsync(timeout, _time, cancellationToken);
        Note(ClockComparison.Of(asked, _time.GetElapsedTime(start), theirs));
    }

    /// <summary>Stops reporting.</summary>
    public void Dispose() => _meter.Dispose();

    internal void Note(ClockComparison comparison)
    {
        var wasSkewed = IsSkewed;
        _last = comparison;
        if ((comparison.Difference - Correction).Duration() - comparison.Uncertainty > Agreement)
        {
            Interlocked.Exchange(ref _correction, comparison.Difference.Ticks);
        }

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

/// <summary>How far another clock is from one's own, measured by one call.</summary>
/// <param name="Difference">By how much the other clock is ahead, if it was read halfway through the call.</param>
/// <param name="Uncertainty">Half the call's duration: the other clock was read at some moment of it.</param>
internal readonly record struct ClockComparison(TimeSpan Difference, TimeSpan Uncertainty)
{
    /// <summary>
    /// How far clocks may be apart. Values' lives and reminders shift by the difference when they move between silos; they are minutes to
    /// days long. Machines with NTP differ by much less.
    /// </summary>
    public static readonly TimeSpan Bound = TimeSpan.FromSeconds(5);

    /// <summary>Whether the clocks are certainly further apart than <see cref="Bound"/>.</summary>
    public bool IsSkewed => Difference.Duration() - Uncertainty > Bound;

    /// <summary>Compares.</summary>
    /// <param name="asked">One's own time when the call began.</param>
    /// <param name="waited">The call's duration.</param>
    /// <param name="theirs">The other clock's time.</param>
    public static ClockComparison Of(DateTimeOffset asked, TimeSpan waited, DateTimeOffset theirs) =>
        new(theirs - (asked + (waited / 2)), waited / 2);
}
