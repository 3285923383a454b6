using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace KadOrleans.Server;

internal sealed class ClusterGauges(
    SiloReadiness readiness,
    ISiloStatusOracle silos,
    ClusterSilos members,
    IDhtAdmin admin,
    ClusterTime time,
    KadOptions settings,
    ILogger<ClusterGauges> logger) : BackgroundService
{
    private static readonly KeyValuePair<string, object?>[] Statuses = MetricTags.Tags<SiloStatus>("kad.silo.status");

    /// <summary>How often it measures until the silo is active and has read the membership table once, which it can as soon as it joins.</summary>
    private static readonly TimeSpan FirstInterval = TimeSpan.FromSeconds(1);

    /// <summary>How often the other silos are asked where they run, which changes with their starts alone, and the directory for its edges.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <summary>How long the directory is waited for: what else is measured waits meanwhile.</summary>
    private static readonly TimeSpan DirectoryTimeout = TimeSpan.FromSeconds(5);

    /// <summary>How often the membership table is read although no silo came or went, and none is lost.</summary>
    private static readonly TimeSpan LongestReading = TimeSpan.FromMinutes(10);

    // Read by the exporter's thread. Negative or null before they are known.
    private volatile int _neighbours = -1;
    private volatile IReadOnlySet<SiloAddress>? _lost;
    private volatile int _lostEdges = -1;

    private Dictionary<SiloAddress, SiloStatus>? _read;
    private long _readAt;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        using var ready = new ReadyGauge(() => readiness.ProcessHealth.IsReady);
        using var meter = new Meter(KadTelemetry.MeterName);
        meter.CreateObservableGauge("kad.silo.count", Count, "{silo}", "Silos that this one knows of, by status.");
        meter.CreateObservableGauge("kad.silo.lost", () => IfKnown(_lost?.Count ?? -1), "{silo}", "Silos that were declared dead, in whose place none has started.");
        meter.CreateObservableGauge(
            "kad.edge.lost", () => IfKnown(_lostEdges), "{edge}", "Edges that did not hand their lease back, and have been silent for two minutes.");
        if (settings.Silo.Node is not null)
        {
            meter.CreateObservableGauge("kad.silo.neighbours", () => IfKnown(_neighbours), "{silo}", "Other active silos on this silo's node.");
        }

        using var timer = new PeriodicTimer(FirstInterval);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            _neighbours = settings.Silo.Node is { } node ? await members.CountOthersOnAsync(node) : -1;
            await FindLostAsync();

            // Orleans logs an error for each call of a grain before the silo is active.
            var isActive = silos.CurrentStatus == SiloStatus.Active;
            if (isActive)
            {
                await CountLostEdgesAsync(stoppingToken);
            }

            timer.Period = isActive && _lost is not null ? Interval : FirstInterval;
        }
    }

    // Silos that come and go change the table; else it is read seldom. While one is lost, another may have served for long enough in its place.
    private async Task FindLostAsync()
    {
        var known = silos.GetApproximateSiloStatuses();
        if (_lost is { Count: 0 } && _read is { } read && known.Count == read.Count && !known.Except(read).Any()
            && Stopwatch.GetElapsedTime(_readAt) < LongestReading)
        {
            return;
        }

        if (await members.FindLostAsync() is { } lost)
        {
            // Those of before this silo's start are no news.
            var before = _lost ?? lost;
            foreach (var silo in lost.Except(before))
            {
                SiloLog.SiloLost(logger, silo);
            }

            foreach (var silo in before.Except(lost))
            {
                SiloLog.SiloReplaced(logger, silo);
            }

            (_lost, _read, _readAt) = (lost, known, Stopwatch.GetTimestamp());
        }
    }

    private async Task CountLostEdgesAsync(CancellationToken stoppingToken)
    {
        try
        {
            using var ending = CancellationTokenSource.CreateLinkedTokenSource(stoppingToken);
            ending.CancelAfter(DirectoryTimeout);
            var edges = await admin.GetEdgesAsync(ending.Token);
            var now = time.GetUtcNow();
            _lostEdges = edges.Count(edge => edge.IsLostAt(now));
        }
        catch (Exception e) when (e is not OperationCanceledException || !stoppingToken.IsCancellationRequested)
        {
            // An edge is no less lost while the directory does not respond.
        }
    }

    private static IEnumerable<Measurement<int>> IfKnown(int count) => count >= 0 ? [new Measurement<int>(count)] : [];

    private IEnumerable<Measurement<int>> Count()
    {
        var known = silos.GetApproximateSiloStatuses().Values.ToList();
        return Enum.GetValues<SiloStatus>().Select(status => new Measurement<int>(known.Count(s => s == status), Statuses[(int)status]));
    }
}
