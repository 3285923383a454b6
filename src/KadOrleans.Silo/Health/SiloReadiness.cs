using KadOrleans.EdgeWorker.Edges;
using KadOrleans.Hosting.Telemetry;
using System.Diagnostics.Metrics;

namespace KadOrleans.Silo.Health;

/// <summary>
/// Whether the silo takes calls: it is active among the cluster's silos and has started, which it does only if it agrees
/// with them on the cluster's settings; its storage and the silo that leases node ids answered lately; and its clock is near the
/// cluster's. No question leaves the process.
/// </summary>
internal sealed class SiloReadiness(
    IHostApplicationLifetime lifetime, ISiloStatusOracle silos, StorageWatch storage, ClockWatch clock, ClockService clocks)
{
    /// <summary>What the silo is at, in a few words.</summary>
    public string State => lifetime switch
    {
        { ApplicationStopping.IsCancellationRequested: true } => "stopping",
        { ApplicationStarted.IsCancellationRequested: false } => "starting",
        _ when silos.CurrentStatus != SiloStatus.Active => silos.CurrentStatus.ToString(),
        _ when storage.IsAway => "storage away",
        _ when clocks.IsCutOff => "the other silos do not answer",
        _ => clock.IsSkewed ? "clock skew" : KadOrleans.Hosting.Http.Health.Ready,
    };

    /// <summary>What <c>/health/ready</c> says.</summary>
    public KadOrleans.Hosting.Http.Health Health => new(State);

    /// <summary>Whether calls are taken.</summary>
    public bool IsReady => Health.IsReady;
}

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
