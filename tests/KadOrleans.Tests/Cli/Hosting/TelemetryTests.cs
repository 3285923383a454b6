namespace KadOrleans.Tests.Cli;

/// <summary>What <c>kad node</c> sends to an OpenTelemetry collector.</summary>
public sealed class TelemetryTests
{
    private static readonly Dictionary<string, string> Often = new()
    {
        ["OTEL_METRIC_EXPORT_INTERVAL"] = "200",
        ["OTEL_TRACES_SAMPLER"] = "always_on",
    };

    [Fact]
    public async Task The_documented_instruments_arrive_and_none_beside_them()
    {
        using var folder = new TemporaryFolder();
        await using var collector = await OtlpCollector.StartAsync();
        await using var first = await NodeProcess.StartAsync("--in-memory");
        await using var node = await NodeProcess.StartAsync(
            Often, "--data", folder.Path, "--otlp", collector.Endpoint, "--bootstrap", first.Address, "--walk-interval", "1");
        await node.HasContactsAsync(1);
        await KadRun.DoneAsync("set", "k", "value", "--via", node.Address);

        var documents = new TelemetryComparison(collector, "node");
        await documents.AllArriveAsync();
        await Eventually.BecomesAsync(() => Last("kad.value.held") == 1, () => "The key that is held was not told of.");
        await Eventually.BecomesAsync(() => Last("kad.process.ready") == 1, () => "The node never told that it is ready.");
        await Eventually.BecomesAsync(() => Last("kad.node.connected") == 1, () => "The node never told of a contact that answers.");
        Assert.Equal(0, await node.StopAsync());

        Assert.Empty(documents.Differences());
        Assert.Equal(["kad-node"], collector.Metrics.Select(m => m.Service).Distinct());
        Assert.Contains(collector.Metrics, m => m.Meter == "System.Runtime");
        Assert.True(collector.HasLookup);
        double? Last(string name) => collector.Metrics.LastOrDefault(m => m.Name == name)?.Points.Sum(p => p.Value);
    }

    [Fact]
    public async Task What_was_not_sent_yet_is_sent_at_the_stop()
    {
        await using var collector = await OtlpCollector.StartAsync();
        await using var node = await NodeProcess.StartAsync(
            new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Endpoint }, "--in-memory");
        await KadRun.DoneAsync("ping", node.Address);

        Assert.Equal(0, await node.StopAsync());

        var received = collector.Metrics.Single(m => m.Name == "kad.request.received");
        Assert.Equal(1, received.Points.Single(p => p.Tags["kad.request.type"] == "ping").Value);
    }

    [Fact]
    public async Task The_log_goes_to_the_collector_with_the_attributes_of_the_process_unless_that_is_off()
    {
        await using var collector = await OtlpCollector.StartAsync();
        var variables = new Dictionary<string, string>
        {
            ["OTEL_EXPORTER_OTLP_ENDPOINT"] = collector.Endpoint,
            ["OTEL_RESOURCE_ATTRIBUTES"] = "service.instance.id=mine,team=dht",
            ["DOTNET_ENVIRONMENT"] = "Staging",
        };
        await using (var node = await NodeProcess.StartAsync(variables, "--in-memory"))
        {
            Assert.Equal(0, await node.StopAsync());
        }

        var served = Assert.Single(collector.Logs, log => log.Tags.GetValueOrDefault("logrecord.event.id") == "8000");
        Assert.Equal("KadOrleans.Cli.NodeRunner", served.Category);
        Assert.StartsWith("Health and status are served on ", served.Body, StringComparison.Ordinal);
        Assert.Equal(
            ("kad-node", "mine", "dht", "staging"),
            (served.Resource["service.name"], served.Resource["service.instance.id"], served.Resource["team"], served.Resource["deployment.environment.name"]));
        Assert.NotEmpty(served.Resource["service.version"]);

        var before = collector.Logs.Count;
        variables["OTEL_LOGS_EXPORTER"] = variables["OTEL_METRICS_EXPORTER"] = "none";
        var metrics = collector.Metrics.Count;
        await using (var node = await NodeProcess.StartAsync(variables, "--in-memory"))
        {
            Assert.Equal(0, await node.StopAsync());
        }

        Assert.Equal((before, metrics), (collector.Logs.Count, collector.Metrics.Count));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_collector_that_hangs_or_is_away_neither_disturbs_a_node_nor_holds_its_stop_up(bool hangs)
    {
        // The system accepts connections for it, and nobody answers them.
        using var hanging = new TcpListener(IPAddress.Loopback, 0);
        hanging.Start();
        await using var node = await NodeProcess.StartAsync(
            Often, "--in-memory", "--otlp", hangs ? $"http://{hanging.LocalEndpoint}" : "http://127.0.0.1:9");
        await KadRun.DoneAsync("ping", node.Address);
        Assert.Equal(HttpStatusCode.OK, await node.HealthAsync("ready"));

        Assert.Equal(0, await node.StopAsync());
        Assert.DoesNotContain("OpenTelemetry", node.Process.Error.Text, StringComparison.OrdinalIgnoreCase);
    }

    [Theory]
    [InlineData("OTEL_EXPORTER_OTLP_ENDPOINT", "collector:4317x")]
    [InlineData("OTEL_EXPORTER_OTLP_PROTOCOL", "http/json")]
    [InlineData("OTEL_LOGS_EXPORTER", "console")]
    public async Task A_variable_that_cannot_be_used_ends_start_up_with_a_sentence(string name, string value)
    {
        await using var node = KadProcess.Start(
            new Dictionary<string, string> { ["OTEL_EXPORTER_OTLP_ENDPOINT"] = "http://127.0.0.1:9", [name.Replace(":", "__", StringComparison.Ordinal)] = value }, "node", "--in-memory");

        Assert.Equal(ExitCode.WrongUsage, await node.ExitAsync());
        Assert.StartsWith($"{name} is '{value}'", Assert.Single(node.Error.All), StringComparison.Ordinal);
    }
}
