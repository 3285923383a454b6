namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class GrpcExportTests : FolderTests
{
    [Fact]
    [Trait("Tier", "Long")]
    public async Task Silo_edge_and_node_send_metrics_traces_and_logs_by_gRPC()
    {
        await using var collector = await OtlpCollector.StartAsync();
        string[] variables = ["OTEL_EXPORTER_OTLP_PROTOCOL=grpc", "OTEL_METRIC_EXPORT_INTERVAL=200", "OTEL_TRACES_SAMPLER=always_on"];
        string[] settings = [.. variables, $"Kad:Telemetry:Endpoint={collector.GrpcEndpoint}"];
        await using var silo = new SiloServer(Folder, [.. settings, "Kad:Cluster:ShardBits=2"]);
        await using var edge = new EdgeServer(Folder, "edge", [.. settings, silo.GatewaySetting]);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        await using var node = KadProcess.Start(
            variables.ToDictionary(v => v.Split('=')[0], v => v.Split('=')[1]),
            ["node", "--in-memory", "--listen", "127.0.0.1:0", "--bootstrap", edge.Address.ToString(), "--otlp", collector.GrpcEndpoint]);

        foreach (var service in (string[])["kad-silo", "kad-edge", "kad-node"])
        {
            await Eventually.BecomesAsync(
                () => collector.Metrics.Any(m => m.Service == service && m is { Name: "kad.process.ready", Points: [{ Value: 1 }] }),
                () => $"{service} sent no metric.");
        }

        await Eventually.BecomesAsync(() => collector.HasLookup, () => "No span came.");
        await Eventually.BecomesAsync(() => collector.Logs.Count > 0, () => "No log came.");
        Assert.Equal((0, 0, 0), (await node.StopAsync(), await edge.StopAsync(), await silo.StopAsync()));
        var ofEdge = collector.Metrics.Where(m => m.Service == "kad-edge").ToList();
        Assert.Contains(ofEdge, m => m.Meter == "Microsoft.Orleans");
        Assert.Equal(0, ofEdge.Last(m => m.Name == "kad.edge.lease.count").Points.Single().Value);
        Assert.Empty(new TelemetryComparison(collector, "silo", "edge", "node").Differences());
    }
}
