using KadOrleans.Server;

namespace KadOrleans.Tests.Deployment;

/// <summary>What holds for all that runs, and for silos and edges alike.</summary>
public sealed class WorkloadTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> All = Manifests.Names;

    // What an overlay completes: the base's images are names alone.
    public static readonly IEnumerable<TheoryDataRow<string>> Rendered = [.. Manifests.Names.Where(row => row.Data != "base")];

    [Theory]
    [MemberData(nameof(All))]
    public void Each_workload_keeps_the_restricted_standard_but_for_the_hosts_network_and_is_limited_only_in_memory(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        Assert.All(manifests.Workloads, workload =>
        {
            var pod = workload.Pod();
            Assert.Equal("true", pod.Text("securityContext.runAsNonRoot"));
            Assert.NotEqual("0", pod.Text("securityContext.runAsUser"));
            Assert.Equal("RuntimeDefault", pod.Text("securityContext.seccompProfile.type"));
            Assert.Equal("false", pod.Text("automountServiceAccountToken"));
            Assert.All(Containers(workload), container =>
            {
                Assert.Equal("false", container.Text("securityContext.allowPrivilegeEscalation"));
                Assert.Equal("true", container.Text("securityContext.readOnlyRootFilesystem"));
                Assert.Equal(["ALL"], container.Texts("securityContext.capabilities.drop"));
                Assert.Null(container.At("securityContext.privileged"));
                Assert.NotNull(container.At("resources.requests.cpu"));
                Assert.NotNull(container.At("resources.requests.memory"));
                Assert.NotNull(container.At("resources.limits.memory"));
                Assert.Null(container.At("resources.limits.cpu"));
            });
            Assert.All(pod.Entries("volumes"), volume => Assert.True(
                volume["emptyDir"] is not null || volume["configMap"] is not null || volume["secret"] is not null, volume.Text("name")));
            Assert.Equal(
                pod.Text("hostNetwork") == "true" ? "privileged" : "restricted",
                manifests.One("Namespace", workload.Text("metadata.namespace")!).Pairs("metadata.labels")["pod-security.kubernetes.io/enforce"]);
        });
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Selectors_match_the_pods_they_are_for(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        Assert.All(manifests.SiloAndEdge, workload =>
        {
            Assert.NotEmpty(workload.Labels());
            Assert.Subset(workload.Pairs("spec.template.metadata.labels").ToHashSet(), workload.Labels().ToHashSet());
            var budget = manifests.One("PodDisruptionBudget", workload.Text("metadata.name")!);
            Assert.Equal(workload.Labels(), budget.Pairs("spec.selector.matchLabels"));
            Assert.Equal("1", budget.Text("spec.maxUnavailable"));
            Assert.All(workload.Pod().Entries("topologySpreadConstraints"), spread =>
                Assert.Equal(workload.Labels(), spread.Pairs("labelSelector.matchLabels")));
        });
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Silos_and_edges_are_probed_where_they_answer(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        Assert.All(Probes.Expected, probe =>
        {
            Assert.Contains(probe.Path, (string[])[HealthPages.Live, HealthPages.Ready]);
            Assert.Equal((probe.Path, "http", null), Place(manifests.Silo));

            // An edge is on the network of its host, and its pages on the host's loopback.
            Assert.Equal((probe.Path, "http", "127.0.0.1"), Place(manifests.Edge));

            (string?, string?, string?) Place(JsonObject workload)
            {
                var get = workload.Container().At($"{probe.Probe}.httpGet");
                return (get.Text("path"), get.Text("port"), get.Text("host"));
            }
        });
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Silos_and_edges_name_the_ports_that_they_listen_on_and_are_given_longer_to_stop_than_they_take(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        Assert.All([(manifests.Silo, KadOptions.SiloShutdownTimeout), (manifests.Edge, KadOptions.EdgeShutdownTimeout)], pair => Assert.True(
            int.Parse(pair.Item1.Pod().Text("terminationGracePeriodSeconds")!, CultureInfo.InvariantCulture) > pair.Item2.TotalSeconds));
        var (silo, edge) = (Ports.Of(manifests.Silo.Container()), manifests.Edge.Container());
        var (options, settings) = (new KadSiloOptions(), KadSettings.ReadEdge(ContainerEnvironment.Read(manifests, manifests.Edge), new KadProviders().Known));

        Assert.Equal((options.Port, options.GatewayPort, 8080), (silo["silo"], silo["gateway"], silo["http"]));
        Assert.Equal(settings.Http.EndPoint.Port, Ports.Of(edge)["http"]);
        Assert.All(edge.Entries("ports"), port => Assert.Equal(port.Text("containerPort"), port.Text("hostPort")));
        Assert.Equal(
            settings.Edge.Endpoints.Select(e => $"{e.Port}"),
            edge.Entries("ports").Where(p => p.Text("protocol") == "UDP").Select(p => p.Text("hostPort")));
    }

    [Theory]
    [MemberData(nameof(Rendered))]
    public void Each_image_is_an_exact_version(string overlay) => Assert.All(
        Manifests.Of(overlay).Workloads.SelectMany(Containers),
        container => Assert.Matches(@":v?\d+\.\d+[^:@]*(@sha256:[0-9a-f]{64})?$", container.Text("image")!));

    [Fact]
    [Needs(Need.Kubectl)]
    public void Each_image_is_taken_by_its_digest_where_a_parameter_gives_one()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        var parameters = copy["kubernetes/overlays/postgres/parameters.env"];
        var digest = $"@sha256:{new string('a', 64)}";
        File.WriteAllText(parameters, Regex.Replace(File.ReadAllText(parameters), "_IMAGE=.*", $"$0{digest}"));

        Assert.All(
            Manifests.Render(copy["kubernetes/overlays/postgres"]).Workloads.SelectMany(Containers),
            container => Assert.EndsWith(digest, container.Text("image"), StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Each_name_in_a_namespace_is_taken_once_and_accounts_are_not_shared(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var names = manifests.All.Select(r => (Kind: r.Text("kind"), Space: r.Text("metadata.namespace"), Name: r.Text("metadata.name"))).ToList();
        Assert.Distinct(names);
        Assert.All(names.Where(n => n.Kind != "Namespace"), n => Assert.Contains(n.Space, (string[])["kad", "kad-edge", "kad-telemetry"]));
        var accounts = manifests.SiloAndEdge.Select(w => w.Pod().Text("serviceAccountName")!).ToList();
        Assert.Distinct(accounts);
        Assert.All(accounts, account => manifests.One("ServiceAccount", account));
    }

    private static IEnumerable<JsonNode> Containers(JsonObject workload) =>
        workload.Pod().Entries("containers").Concat(workload.Pod().Entries("initContainers"));
}

/// <summary>A container's ports by their names.</summary>
internal static class Ports
{
    public static Dictionary<string, int> Of(JsonNode container) => container.Entries("ports").ToDictionary(
        port => port.Text("name")!, port => int.Parse(port.Text("containerPort")!, CultureInfo.InvariantCulture));
}

/// <summary>Which probe asks what.</summary>
internal static class Probes
{
    public static readonly IReadOnlyList<(string Probe, string Path)> Expected =
        [("startupProbe", "/health/live"), ("livenessProbe", "/health/live"), ("readinessProbe", "/health/ready")];
}
