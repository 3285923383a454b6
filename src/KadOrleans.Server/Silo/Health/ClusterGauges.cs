using System.Diagnostics.Metrics;

namespace KadOrleans.Server;

internal sealed class ClusterGauges(SiloReadiness readiness, ISiloStatusOracle silos) : BackgroundService
{
    private static readonly KeyValuePair<string, object?>[] Statuses = MetricNames.Tags<SiloStatus>("kad.silo.status");

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ready = new ReadyGauge(() => readiness.ProcessHealth.IsReady);
        using var meter = new Meter(TelemetryExport.SourceName);
        meter.CreateObservableGauge(MetricNames.Of("kad.silo.count"), Count, "{silo}", "Silos that this one knows of, by status.");
        await stoppingToken.UntilCancelledAsync();
    }

    private IEnumerable<Measurement<int>> Count()
    {
        var known = silos.GetApproximateSiloStatuses().Values.ToList();
        return Enum.GetValues<SiloStatus>().Select(status => new Measurement<int>(known.Count(s => s == status), Statuses[(int)status]));
    }
}
