using System.Text.Json.Nodes;

namespace KadOrleans.Tests.Deployment;

/// <summary>Each overlay takes what its processes measure to a Prometheus that has the alarms.</summary>
public sealed class TelemetryTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> Rendered = WorkloadTests.Rendered;

    [Theory]
    [MemberData(nameof(Rendered))]
    public void Silos_and_edges_send_to_the_collector(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var collector = manifests.One("Deployment", "kad-collector");
        var container = Assert.Single(collector.Entries("spec.template.spec.containers"));
        var service = manifests.One("Service", "kad-collector");
        var configuration = Config(manifests, "kad-collector", "config.yaml");
        foreach (var workload in new[] { manifests.Silo, manifests.Edge })
        {
            var endpoint = new Uri(ContainerEnvironment.Of(manifests, workload)["Kad__Telemetry__Endpoint"]);
            Assert.Equal($"{service.Text("metadata.name")}.{service.Text("metadata.namespace")}.svc", endpoint.Host);
            Assert.Contains(service.Entries("spec.ports"), port => port.Text("port") == $"{endpoint.Port}" && port.Text("targetPort") == "otlp");
        }

        Assert.Equal(collector.Pairs("spec.selector.matchLabels"), service.Pairs("spec.selector"));
        Assert.Equal($"0.0.0.0:{Ports.Of(container)["otlp"]}", configuration.Text("receivers.otlp.protocols.http.endpoint"));
        Assert.Equal($"0.0.0.0:{Ports.Of(container)["metrics"]}", configuration.Text("exporters.prometheus.endpoint"));
        Assert.Equal("prometheus", configuration.Text("service.pipelines.metrics.exporters.0"));
    }

    [Theory]
    [MemberData(nameof(Rendered))]
    public void The_collector_admits_silos_edges_and_Prometheus(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var rules = manifests.One("NetworkPolicy", "kad-collector").Entries("spec.ingress").ToList();
        var silos = Assert.Single(rules, rule => rule.Text("ports.0.port") == "otlp").At("from.0");
        var prometheus = Assert.Single(rules, rule => rule.Text("ports.0.port") == "metrics").At("from.0");

        Assert.Equal(manifests.Silo.Text("metadata.namespace"), silos.Pairs("namespaceSelector.matchLabels")["kubernetes.io/metadata.name"]);
        Assert.Equal(manifests.Silo.Pairs("spec.selector.matchLabels"), silos.Pairs("podSelector.matchLabels"));
        Assert.Equal(manifests.One("StatefulSet", "kad-prometheus").Pairs("spec.selector.matchLabels"), prometheus.Pairs("podSelector.matchLabels"));
        var edges = Assert.Single(manifests.One("NetworkPolicy", "kad-collector-edges").Entries("spec.ingress"));
        Assert.Equal("otlp", edges.Text("ports.0.port"));
        Assert.Equal(
            manifests.One("NetworkPolicy", "kad-silo-edges").Entries("spec.ingress.0.from").Select(f => f.Text("ipBlock.cidr")),
            edges.Entries("from").Select(f => f.Text("ipBlock.cidr")));
    }

    [Theory]
    [MemberData(nameof(Rendered))]
    public void Prometheus_asks_the_collector_and_keeps_the_names_of_the_processes(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var job = Assert.Single(Config(manifests, "kad-prometheus", "prometheus.yaml").Entries("scrape_configs"));
        var service = manifests.One("Service", "kad-collector");

        Assert.Equal("true", job.Text("honor_labels"));
        Assert.Contains(service.Entries("spec.ports"), port =>
            $"{service.Text("metadata.name")}:{port.Text("port")}" == job.Text("static_configs.0.targets.0") && port.Text("targetPort") == "metrics");
        Assert.Equal(service.Text("metadata.namespace"), manifests.One("StatefulSet", "kad-prometheus").Text("metadata.namespace"));
    }

    [Theory]
    [MemberData(nameof(Rendered))]
    public void The_alarms_are_those_of_the_repository(string overlay) => Assert.Equal(
        Repository.Read("infra/monitoring/alerts.yaml"), Manifests.Of(overlay).OfKind("ConfigMap")
            .Single(m => m.Text("metadata.name")!.StartsWith("kad-alerts-", StringComparison.Ordinal)).Pairs("data")["alerts.yaml"]);

    // With the files where the pod mounts them.
    [Fact]
    [Needs(Need.Promtool)]
    public void Prometheus_takes_its_configuration_and_finds_the_alarms()
    {
        const string folder = "infra/kubernetes/base/telemetry";
        using var copy = new CopiedFolder(Repository.Path(folder));
        var config = Directory.CreateDirectory(Path.Combine(copy.Path, "mounted/config")).FullName;
        var alerts = Directory.CreateDirectory(Path.Combine(copy.Path, "mounted/alerts")).FullName;
        File.Copy(Path.Combine(copy.Path, "prometheus-config.yaml"), Path.Combine(config, "prometheus.yaml"));
        File.Copy(Path.Combine(copy.Path, "alertmanagers.yaml"), Path.Combine(config, "alertmanagers.yaml"));
        File.Copy(Repository.Path("infra/monitoring/alerts.yaml"), Path.Combine(alerts, "alerts.yaml"));

        Assert.Empty(Promtool.Problems("check", "config", Path.Combine(config, "prometheus.yaml")));
    }

    private static JsonObject Config(Manifests manifests, string name, string file) => Assert.Single(Yaml.Documents(
        manifests.OfKind("ConfigMap").Single(m => m.Text("metadata.name")!.StartsWith($"{name}-", StringComparison.Ordinal)).Pairs("data")[file]));
}
