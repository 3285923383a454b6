namespace KadOrleans.Cluster.Tests.SiloRole;

/// <remarks>Alone: OpenTelemetry ends an instrument of a process as soon as any meter of its name is disposed of, so with another test's silo.</remarks>
[Collection(Grains.Alone.Name)]
public sealed class TelemetryTests : FolderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_documented_instruments_arrive_and_none_beside_them()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var peer = await EdgeRole.Peer.NodeAsync();
        await using var silo = await HostedSilo.StartAsync(
            Folder, "Kad:Cluster:ShardBits=2", "Kad:Edge:Enabled=true", $"Kad:Edge:Bootstrap={peer.LocalEndpoints[0]}",
            "Kad:Edge:Trust=127.0.0.0/8", "Kad:Silo:Node=host-1", $"Kad:Telemetry:Endpoint={collector.Endpoint}", "OTEL_METRIC_EXPORT_INTERVAL=200",
            "OTEL_TRACES_SAMPLER=always_on");
        await Eventually.BecomesAsync(() => Last("kad.node.connected") > 1, () => "The edge met nobody.");
        await using var client = await EdgeRole.Peer.ClientAsync();
        await client.BootstrapAsync([peer.LocalEndpoints[0].ToString()], Token);

        // The edge is one of two nodes, so it holds whatever is set, once the other one has it in its table.
        await Eventually.ReadAsync(() => client.SetAsync("key", DhtValue.FromInteger(1), Token), set => set.Stored == 2);
        var (now, period) = (DateTime.UtcNow, TimeSpan.FromMinutes(5));
        foreach (var reminder in (string[])["refresh", "walk"])
        {
            await ClusterClient.RemindAsync(silo.Grains, reminder, new TickStatus(now - (period * 3), period, now));
        }

        // The network's size is known after so many lookups; how many there are without these depends on the machine's load.
        for (var i = 0; i < NetworkSizeEstimator.MinLookups; i++)
        {
            await silo.Grains.GetGrain<IDhtGrain>(GrainKeys.Singleton).FindNodeAsync(NodeId.FromKey($"{i}"), Token);
        }

        // The peer is a standalone node in the same process, so its instruments come, too.
        var documents = new TelemetryComparison(collector, "silo", "edge", "node");
        await documents.AllArriveAsync();
        await Eventually.BecomesAsync(() => Last("kad.value.held") >= 1, () => "The key that is held was not told of.");
        await Eventually.BecomesAsync(
            () => collector.Spans.Any(s => s.Source.StartsWith("Microsoft.Orleans.", StringComparison.Ordinal)), () => "No span of Orleans came.");
        await silo.StopAsync();

        Assert.Empty(documents.Differences());
        Assert.Contains(collector.Metrics, m => m is { Service: "kad-silo", Meter: "Microsoft.Orleans" });
        Assert.Contains(collector.Metrics, m => m is { Service: "kad-silo", Meter: "System.Runtime" });
        Assert.True(collector.HasLookup);
        Assert.All(
            (string[])["refresh", "walk"],
            name => Assert.Contains(collector.Metrics, m => m.Points.Any(p => p.Tags.GetValueOrDefault("kad.reminder.name") == name)));

        double? Last(string name) => collector.Metrics.LastOrDefault(m => m.Name == name)?.Points.Sum(p => p.Value);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_collector_that_is_away_does_not_disturb_a_silo()
    {
        await using var silo = await SiloProcess.StartedAsync(Folder, "Kad:Telemetry:Endpoint=http://127.0.0.1:9");

        Assert.Equal("ready", (await silo.StatusAsync()).GetProperty("state").GetString());
        Assert.False(silo.Errors.Contains(" error ", StringComparison.Ordinal), silo.Errors);
        Assert.Equal(0, await silo.StopAsync());

        // While the only silo stops, Orleans' own services may fail to call each other.
        Assert.DoesNotContain(silo.Errors.Split('\n'), line => line.Contains(" error ", StringComparison.Ordinal)
            && (line.Contains("elemetry", StringComparison.Ordinal) || line.Contains("127.0.0.1:9", StringComparison.Ordinal)));
    }
}
