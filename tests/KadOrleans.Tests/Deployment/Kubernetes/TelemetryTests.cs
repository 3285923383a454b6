namespace KadOrleans.Tests.Deployment;

/// <summary>Each overlay takes what its processes measure to a Prometheus that has the alarms.</summary>
public sealed class TelemetryTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> Rendered = WorkloadTests.Rendered;

    [Theory]
    [MemberData(nameof(Rendered))]
    public void Silos_and_edges_send_to_the_collector_which_admits_them_and_Prometheus_asks_it(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var (collector, service) = (manifests.One("Deployment", "kad-collector"), manifests.One("Service", "kad-collector"));
        var (name, space) = (service.Text("metadata.name"), service.Text("metadata.namespace"));
        Assert.All(manifests.SiloAndEdge, workload =>
        {
            var endpoint = new Uri(ContainerEnvironment.Of(manifests, workload)["Kad__Telemetry__Endpoint"]);
            Assert.Equal($"{name}.{space}.svc", endpoint.Host);
            Assert.Contains(service.Entries("spec.ports"), port => port.Text("port") == $"{endpoint.Port}" && port.Text("targetPort") == "otlp");
        });

        var (ports, configuration) = (Ports.Of(collector.Container()), Config(manifests, "kad-collector", "config.yaml"));
        Assert.Equal(collector.Labels(), service.Pairs("spec.selector"));
        Assert.Equal($"0.0.0.0:{ports["otlp"]}", configuration.Text("receivers.otlp.protocols.http.endpoint"));
        Assert.Equal($"0.0.0.0:{ports["metrics"]}", configuration.Text("exporters.prometheus.endpoint"));
        Assert.Equal("prometheus", configuration.Text("service.pipelines.metrics.exporters.0"));

        // The names of the processes are kept.
        var job = Assert.Single(Config(manifests, "kad-prometheus", "prometheus.yaml").Entries("scrape_configs"));
        Assert.Equal("true", job.Text("honor_labels"));
        Assert.Contains(service.Entries("spec.ports"), port =>
            $"{name}:{port.Text("port")}" == job.Text("static_configs.0.targets.0") && port.Text("targetPort") == "metrics");
        Assert.Equal(space, manifests.One("StatefulSet", "kad-prometheus").Text("metadata.namespace"));
        Assert.Equal(Repository.Read("infra/monitoring/alerts.yaml"), TextOf(manifests, "kad-alerts", "alerts.yaml"));

        var rules = manifests.One("NetworkPolicy", "kad-collector").Entries("spec.ingress").ToList();
        var silos = Assert.Single(rules, rule => rule.Text("ports.0.port") == "otlp").At("from.0");
        var prometheus = Assert.Single(rules, rule => rule.Text("ports.0.port") == "metrics").At("from.0");

        Assert.Equal(manifests.Silo.Text("metadata.namespace"), silos.Pairs("namespaceSelector.matchLabels")["kubernetes.io/metadata.name"]);
        Assert.Equal(manifests.Silo.Labels(), silos.Pairs("podSelector.matchLabels"));
        Assert.Equal(manifests.One("StatefulSet", "kad-prometheus").Labels(), prometheus.Pairs("podSelector.matchLabels"));
        var edges = Assert.Single(manifests.One("NetworkPolicy", "kad-collector-edges").Entries("spec.ingress"));
        Assert.Equal("otlp", edges.Text("ports.0.port"));
        Assert.Equal(
            manifests.One("NetworkPolicy", "kad-silo-edges").Entries("spec.ingress.0.from").Select(f => f.Text("ipBlock.cidr")),
            edges.Entries("from").Select(f => f.Text("ipBlock.cidr")));
    }

    // With the files where the pod mounts them.
    [Fact]
    [Needs(Need.Promtool)]
    public void Prometheus_takes_its_configuration_and_finds_the_alarms()
    {
        using var copy = new CopiedFolder(Repository.Path("infra/kubernetes/base/telemetry"));
        Directory.CreateDirectory(copy["mounted/config"]);
        Directory.CreateDirectory(copy["mounted/alerts"]);
        File.Copy(copy["prometheus-config.yaml"], copy["mounted/config/prometheus.yaml"]);
        File.Copy(copy["alertmanagers.yaml"], copy["mounted/config/alertmanagers.yaml"]);
        File.Copy(Repository.Path("infra/monitoring/alerts.yaml"), copy["mounted/alerts/alerts.yaml"]);

        Assert.Empty(Promtool.Problems("check", "config", copy["mounted/config/prometheus.yaml"]));
    }

    private static JsonObject Config(Manifests manifests, string name, string file) => Assert.Single(Yaml.Documents(TextOf(manifests, name, file)));

    private static string TextOf(Manifests manifests, string name, string file) => manifests.OfKind("ConfigMap")
        .Single(m => m.Text("metadata.name")!.StartsWith($"{name}-", StringComparison.Ordinal)).Pairs("data")[file];
}
