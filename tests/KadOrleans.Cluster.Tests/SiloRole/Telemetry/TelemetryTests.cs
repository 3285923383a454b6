using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>What a silo with its edge sends to an OpenTelemetry collector.</summary>
public sealed class TelemetryTests : FolderTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task The_documented_instruments_arrive_and_none_beside_them()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var peer = await NewNodeAsync(static _ => { });
        await peer.StartAsync(Token);
        await using var announced = new StringWriter();
        using var host = SiloHost.Build(
            [
                "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", "Kad:Http=127.0.0.1:0", $"Kad:Data={Folder}", "Kad:Cluster:ShardBits=2",
                "Kad:Edge:Listen=127.0.0.1:0", $"Kad:Edge:Bootstrap={peer.LocalEndpoints[0]}", "Kad:Edge:Trust=127.0.0.0/8",
                $"Kad:Telemetry:Endpoint={collector.Endpoint}", "OTEL_METRIC_EXPORT_INTERVAL=200", "OTEL_TRACES_SAMPLER=always_on",
            ],
            new KadProviders(),
            announced);
        await host.StartAsync(Token);
        await collector.UntilAsync(() => Last("kad.nodes.connected") > 1, () => "The edge met nobody.");
        await StoreAsync(peer);
        var grains = host.Services.GetRequiredService<IGrainFactory>();
        await RemindAsync(grains);
        await LookUpAsync(grains);

        // The peer is a standalone node in the same process, so its instruments come, too.
        var documents = new TelemetryComparison(collector, "silo", "edge", "node");
        await documents.AllArriveAsync();
        await collector.UntilAsync(() => Last("kad.values.held") >= 1, () => "The key that is held was not told of.");
        await collector.UntilAsync(
            () => collector.Spans.Any(s => s.Source.StartsWith("Microsoft.Orleans.", StringComparison.Ordinal)), () => "No span of Orleans came.");
        await host.StopAsync(Token);

        Assert.Empty(documents.Differences());
        Assert.Contains(collector.Metrics, m => m is { Service: "kad-silo", Meter: "Microsoft.Orleans" });
        Assert.Contains(collector.Metrics, m => m is { Service: "kad-silo", Meter: "System.Runtime" });
        Assert.Contains(("KadOrleans", "kad.lookup"), collector.Spans);
        Assert.All(
            (string[])["refresh", "walk"],
            name => Assert.Contains(collector.Metrics, m => m.Points.Any(p => p.Tags.GetValueOrDefault("kad.reminder.name") == name)));

        double? Last(string name) => collector.Metrics.LastOrDefault(m => m.Name == name)?.Points.Sum(p => p.Value);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task An_edge_of_its_own_sends_under_its_own_name()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var silo = new SiloServer(Folder);
        await using var edge = new EdgeServer(
            Folder,
            "edge",
            silo.GatewaySetting,
            $"Kad:Telemetry:Endpoint={collector.Endpoint}",
            "OTEL_METRIC_EXPORT_INTERVAL=200");
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());

        await collector.UntilAsync(
            () => collector.Metrics.Any(m => m is { Name: "kad.edge.leases", Service: "kad-edge", Points: [{ Value: 1 }] }),
            () => "The edge never told of its lease.");
        Assert.Equal(0, await edge.StopAsync());

        Assert.Empty(new TelemetryComparison(collector, "edge").Differences());
        Assert.Contains(collector.Metrics, m => m.Meter == "Microsoft.Orleans");
        Assert.Equal(0, collector.Metrics.Last(m => m.Name == "kad.edge.leases").Points.Single().Value);
    }

    [Theory]
    [InlineData("Kad:Telemetry:Endpoint", "collector", "kad-silo: Kad:Telemetry:Endpoint is 'collector'; ")]
    [InlineData("Kad:Telemetry:Endpint", "http://127.0.0.1:9", "kad-silo: Kad:Telemetry:Endpint is not a setting; Kad:Telemetry:Endpoint are.")]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector", "kad-silo: OTEL_EXPORTER_OTLP_ENDPOINT is 'collector'; ")]
    public async Task A_wrong_endpoint_ends_start_up_with_a_sentence(string setting, string value, string sentence)
    {
        var silo = await EndedRun.OfSiloAsync(Folder, $"{setting}={value}");

        Assert.Equal(2, silo.Code);
        Assert.StartsWith(sentence, Assert.Single(silo.Lines), StringComparison.Ordinal);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_collector_that_is_away_does_not_disturb_a_silo()
    {
        await using var silo = await SiloProcess.StartedAsync(Folder, "Kad:Telemetry:Endpoint=http://127.0.0.1:9");

        Assert.Equal("ready", (await silo.StatusAsync()).GetProperty("state").GetString());
        Assert.False(silo.Errors.Contains(" error ", StringComparison.Ordinal), silo.Errors);
        Assert.Equal(0, await silo.TerminateAsync());

        // While the only silo stops, Orleans' own services may fail to call each other.
        Assert.DoesNotContain(silo.Errors.Split('\n'), line => line.Contains(" error ", StringComparison.Ordinal)
            && (line.Contains("elemetry", StringComparison.Ordinal) || line.Contains("127.0.0.1:9", StringComparison.Ordinal)));
    }

    private static async Task StoreAsync(KadNode peer)
    {
        await using var client = await NewNodeAsync(options => options.ClientOnly = true);
        await client.StartAsync(Token);
        await client.BootstrapAsync([peer.LocalEndpoints[0].ToString()], Token);

        // The edge is one of two nodes, so it holds whatever is set, once the other one has it in its table.
        await Eventually.ReadAsync(() => client.SetAsync("key", DhtValue.FromInteger(1), Token), set => set.Stored == 2);
    }

    /// <summary>The shortest of the periods is five minutes: the ticks are the test's.</summary>
    private static async Task RemindAsync(IGrainFactory grains)
    {
        var now = DateTime.UtcNow;
        var period = TimeSpan.FromMinutes(5);
        var live = await grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton).GetLiveAsync();
        var table = grains.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(live.Single().NodeIds[0]));
        var reminded = grains.GetGrain<IRemindable>(table.GetGrainId());
        await reminded.ReceiveReminder("refresh", new TickStatus(now - (period * 3), period, now));
        await reminded.ReceiveReminder("walk", new TickStatus(now - (period * 3), period, now));
    }

    /// <summary>The network's size is known after so many lookups; how many there are without these depends on the machine's load.</summary>
    private static async Task LookUpAsync(IGrainFactory grains)
    {
        var random = new CryptographicRandomSource();
        for (var i = 0; i < NetworkSizeEstimator.MinLookups; i++)
        {
            await grains.GetGrain<IDhtGrain>(GrainKeys.Singleton).FindNodeAsync(NodeId.Random(random), Token);
        }
    }

    private static Task<KadNode> NewNodeAsync(Action<KadNodeOptions> configure) =>
        KadNode.CreateBuilder(configure).UseUdp("127.0.0.1:0").BuildAsync();
}
