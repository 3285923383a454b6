using System.Globalization;
using System.Text.Json.Nodes;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Tests.Deployment;

/// <summary>What holds for all that runs.</summary>
public sealed class WorkloadTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> All = Manifests.Names;

    // What an overlay completes: the base's images are names alone.
    public static readonly IEnumerable<TheoryDataRow<string>> Rendered = [.. Manifests.Names.Where(row => row.Data != "base")];

    [Theory]
    [MemberData(nameof(All))]
    public void Each_workload_keeps_the_restricted_standard_but_for_the_hosts_network(string overlay) => Assert.All(Workloads(overlay), workload =>
    {
        var pod = workload.At("spec.template.spec");
        Assert.Equal("true", pod.Text("securityContext.runAsNonRoot"));
        Assert.NotEqual("0", pod.Text("securityContext.runAsUser"));
        Assert.Equal("RuntimeDefault", pod.Text("securityContext.seccompProfile.type"));
        Assert.Equal("false", pod.Text("automountServiceAccountToken"));
        Assert.All(Containers(workload), container =>
        {
            Assert.Equal("false", container.Text("securityContext.allowPrivilegeEscalation"));
            Assert.Equal("true", container.Text("securityContext.readOnlyRootFilesystem"));
            Assert.Equal(["ALL"], container.Entries("securityContext.capabilities.drop").Select(c => c.GetValue<string>()));
            Assert.Null(container.At("securityContext.privileged"));
        });
        Assert.All(pod.Entries("volumes"), volume => Assert.True(
            volume["emptyDir"] is not null || volume["configMap"] is not null, volume.Text("name")));
    });

    [Theory]
    [MemberData(nameof(All))]
    public void Namespaces_enforce_what_their_pods_can_keep(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        Assert.All(Workloads(overlay), workload =>
        {
            var level = manifests.One("Namespace", workload.Text("metadata.namespace")!)
                .Pairs("metadata.labels")["pod-security.kubernetes.io/enforce"];
            Assert.Equal(workload.Text("spec.template.spec.hostNetwork") == "true" ? "privileged" : "restricted", level);
        });
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Each_workload_requests_processor_time_and_is_limited_only_in_memory(string overlay) => Assert.All(Workloads(overlay).SelectMany(Containers), container =>
    {
        Assert.NotNull(container.At("resources.requests.cpu"));
        Assert.NotNull(container.At("resources.requests.memory"));
        Assert.NotNull(container.At("resources.limits.memory"));
        Assert.Null(container.At("resources.limits.cpu"));
    });

    [Theory]
    [MemberData(nameof(All))]
    public void Selectors_match_the_pods_they_are_for(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        foreach (var workload in new[] { manifests.Silo, manifests.Edge })
        {
            var labels = workload.Pairs("spec.template.metadata.labels");
            var selector = workload.Pairs("spec.selector.matchLabels");
            Assert.NotEmpty(selector);
            Assert.Subset(labels.ToHashSet(), selector.ToHashSet());
            var budget = manifests.One("PodDisruptionBudget", workload.Text("metadata.name")!);
            Assert.Equal(selector, budget.Pairs("spec.selector.matchLabels"));
            Assert.Equal("1", budget.Text("spec.maxUnavailable"));
            Assert.All(workload.Entries("spec.template.spec.topologySpreadConstraints"), spread =>
                Assert.Equal(selector, spread.Pairs("labelSelector.matchLabels")));
        }
    }

    [Theory]
    [MemberData(nameof(Rendered))]
    public void Each_image_is_an_exact_version(string overlay) => Assert.All(
        Workloads(overlay).SelectMany(Containers), container => Assert.Matches(@":v?\d+\.\d+[^:@]*(@sha256:[0-9a-f]{64})?$", container.Text("image")!));

    [Fact]
    [Needs(Need.Kubectl)]
    public void Each_image_is_taken_by_its_digest_where_a_parameter_gives_one()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        var overlay = Path.Combine(copy.Path, "kubernetes/overlays/postgres");
        var parameters = Path.Combine(overlay, "parameters.env");
        var digest = $"@sha256:{new string('a', 64)}";
        File.WriteAllLines(parameters, File.ReadAllLines(parameters).Select(line => line.Contains("_IMAGE=", StringComparison.Ordinal) ? line + digest : line));

        Assert.All(
            Manifests.Render(overlay).All.Where(r => r.At("spec.template.spec") is not null).SelectMany(Containers),
            container => Assert.EndsWith(digest, container.Text("image"), StringComparison.Ordinal));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Silos_and_edges_have_accounts_of_their_own(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        string[] accounts = [.. new[] { manifests.Silo, manifests.Edge }.Select(w => w.Text("spec.template.spec.serviceAccountName")!)];

        Assert.Equal(2, accounts.Distinct().Count());
        Assert.All(accounts, account => manifests.One("ServiceAccount", account));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Each_name_in_a_namespace_is_taken_once(string overlay)
    {
        var names = Manifests.Of(overlay).All
            .Select(r => (r.Text("kind"), r.Text("metadata.namespace"), r.Text("metadata.name")))
            .ToList();
        Assert.Equal(names.Distinct(), names);
        Assert.All(names.Where(n => n.Item1 != "Namespace"), n => Assert.Contains(n.Item2, (string[])["kad", "kad-edge", "kad-telemetry"]));
    }

    private static IEnumerable<JsonObject> Workloads(string overlay) =>
        Manifests.Of(overlay).All.Where(r => r.At("spec.template.spec") is not null);

    private static IEnumerable<JsonNode> Containers(JsonObject workload) =>
        workload.Entries("spec.template.spec.containers").Concat(workload.Entries("spec.template.spec.initContainers"));
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
