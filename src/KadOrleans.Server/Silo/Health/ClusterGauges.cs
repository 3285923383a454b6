using System.Diagnostics;
using System.Diagnostics.Metrics;

namespace KadOrleans.Server;

internal sealed class ClusterGauges(SiloReadiness readiness, ISiloStatusOracle silos, ClusterSilos members, KadOptions settings) : BackgroundService
{
    private static readonly KeyValuePair<string, object?>[] Statuses = MetricTags.Tags<SiloStatus>("kad.silo.status");

    /// <summary>How often the other silos are asked where they run, which changes with their starts alone.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    /// <summary>How often the membership table is read although no silo came or went: a lost silo does not count for ever.</summary>
    private static readonly TimeSpan LongestReading = TimeSpan.FromMinutes(10);

    // Read by the exporter's thread. Negative before they are known.
    private volatile int _neighbours = -1;
    private volatile int _lost = -1;

    private Dictionary<SiloAddress, SiloStatus>? _read;
    private long _readAt;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        using var ready = new ReadyGauge(() => readiness.ProcessHealth.IsReady);
        using var meter = new Meter(KadTelemetry.MeterName);
        meter.CreateObservableGauge("kad.silo.count", Count, "{silo}", "Silos that this one knows of, by status.");
        meter.CreateObservableGauge("kad.silo.lost", () => IfKnown(_lost), "{silo}", "Silos that were declared dead, in whose place none has started.");
        if (settings.Silo.Node is not null)
        {
            meter.CreateObservableGauge("kad.silo.neighbours", () => IfKnown(_neighbours), "{silo}", "Other active silos on this silo's node.");
        }

        using var timer = new PeriodicTimer(Interval);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            _neighbours = settings.Silo.Node is { } node ? await members.CountOthersOnAsync(node) : -1;
            await CountLostAsync();
        }
    }

    // Silos that come and go change the table; else it is read seldom.
    private async Task CountLostAsync()
    {
        var known = silos.GetApproximateSiloStatuses();
        if (_read is { } read && known.Count == read.Count && !known.Except(read).Any() && Stopwatch.GetElapsedTime(_readAt) < LongestReading)
        {
            return;
        }

        if (await members.CountLostAsync() is { } lost)
        {
            (_lost, _read, _readAt) = (lost, known, Stopwatch.GetTimestamp());
        }
    }

    private static IEnumerable<Measurement<int>> IfKnown(int count) => count >= 0 ? [new Measurement<int>(count)] : [];

    private IEnumerable<Measurement<int>> Count()
    {
        var known = silos.GetApproximateSiloStatuses().Values.ToList();
        return Enum.GetValues<SiloStatus>().Select(status => new Measurement<int>(known.Count(s => s == status), Statuses[(int)status]));
    }
}
