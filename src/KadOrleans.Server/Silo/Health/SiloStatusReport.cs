using System.Text.Json;
using System.Text.Json.Nodes;
using Orleans.Configuration;

namespace KadOrleans.Server;

/// <summary>Creates the response of <c>/status</c>, without data of grains if they do not respond soon.</summary>
internal sealed class SiloStatusReport(
    IOptions<ClusterOptions> cluster,
    ILocalSiloDetails silo,
    ISiloStatusOracle silos,
    SiloReadiness readiness,
    ClockWatch clock,
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
            ["stateVersion"] = StateSchema.Version,
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
        end = silo.End?.ToString(),
        endedAt = silo.EndedAt,
        isLost = silo.IsLost,
        shards = silo.Shards,
        residentBytes = silo.ResidentBytes,
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
