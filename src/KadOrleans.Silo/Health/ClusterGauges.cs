using System.Diagnostics.Metrics;
using KadOrleans.Hosting.Telemetry;

namespace KadOrleans.Silo.Health;

/// <summary>Reports what this silo thinks of itself and of the cluster's silos.</summary>
internal sealed class ClusterGauges(SiloReadiness readiness, ISiloStatusOracle silos) : IHostedService, IDisposable
{
    private readonly Meter _meter = new(TelemetryExport.SourceName);
    private ReadyGauge? _ready;

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _ready = new ReadyGauge(() => readiness.IsReady);
        _meter.CreateObservableGauge("kad.cluster.silos", Count, "{silo}", "Silos that this one knows of, by status.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _ready?.Dispose();
        _meter.Dispose();
    }

    private IEnumerable<Measurement<int>> Count()
    {
        var known = silos.GetApproximateSiloStatuses().Values.ToList();
        return Enum.GetValues<SiloStatus>().Select(status => new Measurement<int>(
            known.Count(s => s == status), new KeyValuePair<string, object?>("kad.silo.status", status.ToString())));
    }
}
