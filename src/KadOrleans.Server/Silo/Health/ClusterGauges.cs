using System.Diagnostics.Metrics;

namespace KadOrleans.Server;

internal sealed class ClusterGauges(SiloReadiness readiness, ISiloStatusOracle silos) : BackgroundService
{
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        using var ready = new ReadyGauge(() => readiness.ProcessHealth.IsReady);
        using var meter = new Meter(TelemetryExport.SourceName);
        meter.CreateObservableGauge("kad.cluster.silos", Count, "{silo}", "Silos that this one knows of, by status.");
        await stoppingToken.UntilCancelledAsync();
    }

    private IEnumerable<Measurement<int>> Count()
    {
        var known = silos.GetApproximateSiloStatuses().Values.ToList();
        return Enum.GetValues<SiloStatus>().Select(status => new Measurement<int>(
            known.Count(s => s == status), new KeyValuePair<string, object?>("kad.silo.status", status.ToString())));
    }
}
