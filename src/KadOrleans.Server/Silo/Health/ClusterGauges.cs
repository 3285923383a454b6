using System.Diagnostics.Metrics;

namespace KadOrleans.Server;

internal sealed class ClusterGauges(SiloReadiness readiness, ISiloStatusOracle silos, ClusterSilos members, KadOptions settings) : BackgroundService
{
    private static readonly KeyValuePair<string, object?>[] Statuses = MetricTags.Tags<SiloStatus>("kad.silo.status");

    /// <summary>How often the other silos are asked where they run, which changes with their starts alone.</summary>
    private static readonly TimeSpan Interval = TimeSpan.FromSeconds(15);

    // Read by the exporter's thread. Negative before the others were asked.
    private volatile int _neighbours = -1;

    protected override Task ExecuteAsync(CancellationToken stoppingToken) => RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);

    private async Task RunAsync(CancellationToken stoppingToken)
    {
        using var ready = new ReadyGauge(() => readiness.ProcessHealth.IsReady);
        using var meter = new Meter(KadTelemetry.MeterName);
        meter.CreateObservableGauge("kad.silo.count", Count, "{silo}", "Silos that this one knows of, by status.");
        if (settings.Silo.Node is not { } node)
        {
            await stoppingToken.UntilCancelledAsync();
            return;
        }

        meter.CreateObservableGauge("kad.silo.neighbours", Neighbours, "{silo}", "Other active silos on this silo's node.");
        using var timer = new PeriodicTimer(Interval);
        while (await timer.WaitForNextTickAsync(stoppingToken))
        {
            _neighbours = await members.CountOthersOnAsync(node);
        }
    }

    private IEnumerable<Measurement<int>> Neighbours() => _neighbours is >= 0 and var count ? [new Measurement<int>(count)] : [];

    private IEnumerable<Measurement<int>> Count()
    {
        var known = silos.GetApproximateSiloStatuses().Values.ToList();
        return Enum.GetValues<SiloStatus>().Select(status => new Measurement<int>(known.Count(s => s == status), Statuses[(int)status]));
    }
}
