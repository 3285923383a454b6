using System.Diagnostics.Metrics;
using System.Text.Json;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Diagnostics.HealthChecks;
using Orleans.Configuration;

namespace KadOrleans.Server;

// Whether the silo takes calls. It is active and started only if it agrees on the cluster's settings. Its storage and the edge
// directory must have responded lately, and its clock must be near the cluster's. A process with an edge is ready if that is ready
// too. Reading it makes no call.
internal sealed class SiloReadiness(
    IHostApplicationLifetime lifetime,
    ISiloStatusOracle silos,
    StorageWatch storage,
    ClockWatch clock,
    ClockService clocks,
    EdgeHealth? edge = null) : IHealthCheck
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

    public Task<HealthCheckResult> CheckHealthAsync(HealthCheckContext context, CancellationToken cancellationToken = default) =>
        Task.FromResult(ProcessHealth.ToResult());

    /// <summary>The silo's, or in a process with an edge what that lacks.</summary>
    public KadOrleans.Hosting.Health ProcessHealth =>
        Health is { IsReady: true } && edge?.Obstacle is { } obstacle ? new($"edge not ready: {obstacle}", storage.Slowness) : Health;

    public SiloState Describe() =>
        Health is { IsReady: false, Status: var missing } ? new SiloState(false, missing) : new SiloState(true, storage.Slowness);
}

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

/// <summary>Creates the response of <c>/status</c>, without data of grains if they do not respond soon.</summary>
internal sealed class SiloStatusReport(
    IOptions<ClusterOptions> cluster,
    ILocalSiloDetails silo,
    ISiloStatusOracle silos,
    SiloReadiness readiness,
    ClockWatch clock,
    StateVersion version,
    ClusterShards shards,
    ClusterSilos members,
    IGrainFactory grains,
    ILogger<SiloStatusReport> logger)
{
    /// <summary>The timeout for grains. It is short, as the status matters most when the cluster has a problem.</summary>
    private static readonly TimeSpan CallTimeout = TimeSpan.FromSeconds(2);

    public async Task<JsonObject> CreateAsync(CancellationToken cancellationToken)
    {
        // Also while the silo is not ready: the status then matters most.
        var listing = members.ReadAsync();
        var status = silos.CurrentStatus == SiloStatus.Active ? await AskAsync(cancellationToken) : null;
        return new JsonObject
        {
            ["clusterId"] = cluster.Value.ClusterId,
            ["serviceId"] = cluster.Value.ServiceId,
            ["silo"] = silo.SiloAddress.ToString(),
            ["name"] = silo.Name,
            ["state"] = readiness.State,
            ["reason"] = readiness.Health.Reason,
            ["clockDifference"] = clock.Last is { } last ? Math.Round(last.Difference.TotalSeconds, 3) : null,
            ["stateVersion"] = new JsonObject { ["written"] = version.Written, ["known"] = version.Known },
            ["silos"] = new JsonArray([.. (await listing).Select(Silo)]),
            ["settings"] = status?.Settings is { } settings ? new JsonObject { ["shardBits"] = settings.Layout.Bits } : null,
            ["shards"] = new JsonObject { ["count"] = shards.Layout.Count, ["split"] = shards.Split },
            ["edges"] = status is null ? null : new JsonArray([.. status.Edges.Select(Edge)]),
        };
    }

    private async Task<ClusterStatus?> AskAsync(CancellationToken cancellationToken)
    {
        try
        {
            var grain = grains.GetGrain<IDhtGrain>(GrainKeys.Singleton);
            return await grain.GetStatusAsync().AsTask().WaitAsync(CallTimeout, cancellationToken);
        }
        catch (Exception exception) when (!cancellationToken.IsCancellationRequested)
        {
            SiloLog.StatusIncomplete(logger, exception.Message);
            return null;
        }
    }

    private static JsonNode? Silo(SiloDetails silo) => JsonSerializer.SerializeToNode(new
    {
        silo = silo.Address,
        state = silo.State,
        name = silo.Name,
        isReady = silo.IsReady,
        reason = silo.Reason,
        version = silo.Version,
        clockDifference = silo.ClockDifference?.TotalSeconds,
        startedAt = silo.StartedAt,
        lastHeard = silo.LastHeard,
        hasEdgeDirectory = silo.HasEdgeDirectory,
    });

    private static JsonNode? Edge(EdgeStatus edge) => JsonSerializer.SerializeToNode(new
    {
        name = edge.Name,
        nodeIds = edge.NodeIds,
        endpoints = edge.Report.Endpoints.Select(endpoint => endpoint.ToString()),
        contacts = edge.Report.Contacts,
        counts = new SortedDictionary<string, long>(edge.Report.Counts.ToDictionary(), StringComparer.Ordinal),
    });
}
