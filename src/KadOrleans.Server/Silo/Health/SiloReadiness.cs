using System.Diagnostics.Metrics;
using KadOrleans.Grains;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Server;

// Whether the silo takes calls. It must be active in the cluster and started, which implies that it agrees on the cluster's
// settings. Its storage and the silo that leases node ids must have responded lately, and its clock must be near the cluster's.
// Reading it makes no call.
internal sealed class SiloReadiness(
    IHostApplicationLifetime lifetime, ISiloStatusOracle silos, StorageWatch storage, ClockWatch clock, ClockService clocks) : IHealthCheck
{
    public string State => lifetime switch
    {
        { ApplicationStopping.IsCancellationRequested: true } => "stopping",
        { ApplicationStarted.IsCancellationRequested: false } => "starting",
        _ when silos.CurrentStatus != SiloStatus.Active => silos.CurrentStatus.ToString(),
        _ when storage.IsAway => "storage away",
        _ when clocks.IsCutOff => "the other silos do not answer",
        _ => clock.IsSkewed ? "clock skew" : KadOrleans.Hosting.Health.Ready,
    };

    /// <summary>The response of <c>/health/ready</c>. Slow storage does not end readiness: every silo has it, and most calls need none.</summary>
    public KadOrleans.Hosting.Health Health => new(State, storage.Slowness);

    public bool IsReady => Health.IsReady;

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(Health.ToResult());

    public SiloState Describe()
    {
        var health = Health;
        return new SiloState(health.IsReady, health.IsReady ? health.Reason : health.Status);
    }
}

/// <summary>Exports this silo's readiness and its view of the cluster's silos.</summary>
internal sealed class ClusterGauges(SiloReadiness readiness, ISiloStatusOracle silos) : IHostedService, IDisposable
{
    private readonly Meter _meter = new(TelemetryExport.SourceName);
    private readonly ReadyGauge _ready = new(() => readiness.IsReady);

    public Task StartAsync(CancellationToken cancellationToken)
    {
        _meter.CreateObservableGauge("kad.cluster.silos", Count, "{silo}", "Silos that this one knows of, by status.");
        return Task.CompletedTask;
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public void Dispose()
    {
        _ready.Dispose();
        _meter.Dispose();
    }

    private IEnumerable<Measurement<int>> Count()
    {
        var known = silos.GetApproximateSiloStatuses().Values.ToList();
        return Enum.GetValues<SiloStatus>().Select(status => new Measurement<int>(
            known.Count(s => s == status), new KeyValuePair<string, object?>("kad.silo.status", status.ToString())));
    }
}
