using System.Globalization;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Tests.Deployment;

/// <summary>How edges run: with stable names, one on a node, with the node's own address for both directions.</summary>
public sealed class EdgeTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> All = Manifests.Names;

    [Theory]
    [MemberData(nameof(All))]
    public void Edges_are_on_their_hosts_network_and_never_two_on_one_host(string overlay)
    {
        var edge = Manifests.Of(overlay).Edge;
        var pod = edge.At("spec.template.spec");
        var apart = Assert.Single(pod.Entries("affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution"));

        Assert.Equal("true", pod.Text("hostNetwork"));
        Assert.Equal("ClusterFirstWithHostNet", pod.Text("dnsPolicy"));
        Assert.Equal("kubernetes.io/hostname", apart.Text("topologyKey"));
        Assert.Equal(edge.Pairs("spec.selector.matchLabels"), apart.Pairs("labelSelector.matchLabels"));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Edges_hold_the_ports_that_they_listen_on(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var container = Assert.Single(manifests.Edge.Entries("spec.template.spec.containers"));
        var configuration = ContainerEnvironment.AsConfiguration(ContainerEnvironment.Of(manifests, manifests.Edge));
        var settings = KadSettings.ReadEdge(configuration);
        var listen = settings.Edge.Endpoints.Select(e => (int)e.Port);
        var ports = container.Entries("ports").ToList();

        Assert.All(ports, port => Assert.Equal(port.Text("containerPort"), port.Text("hostPort")));
        Assert.Equal(listen, ports.Where(p => p.Text("protocol") == "UDP").Select(p => Number(p.Text("hostPort"))));
        Assert.Equal(settings.Http.EndPoint.Port, Ports.Of(container)["http"]);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Edges_are_probed_on_their_nodes_loopback(string overlay)
    {
        var container = Assert.Single(Manifests.Of(overlay).Edge.Entries("spec.template.spec.containers"));
        foreach (var (probe, path) in Probes.Expected)
        {
            Assert.Equal(path, container.Text($"{probe}.httpGet.path"));
            Assert.Contains(path, (string[])[HealthPages.Live, HealthPages.Ready]);
            Assert.Equal(("http", "127.0.0.1"), (container.Text($"{probe}.httpGet.port"), container.Text($"{probe}.httpGet.host")));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Edges_have_stable_names(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var service = manifests.One("Service", manifests.Edge.Text("spec.serviceName")!);

        Assert.Equal("None", service.Text("spec.clusterIP"));
        Assert.Equal(manifests.Edge.Text("metadata.namespace"), service.Text("metadata.namespace"));
        Assert.Equal(manifests.Edge.Pairs("spec.selector.matchLabels"), service.Pairs("spec.selector"));
        Assert.Equal("pod-0", ContainerEnvironment.Of(manifests, manifests.Edge)["Kad__Edge__Name"]);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Edges_are_given_longer_to_stop_than_they_take(string overlay)
    {
        var grace = Manifests.Of(overlay).Edge.Text("spec.template.spec.terminationGracePeriodSeconds");
        Assert.True(Number(grace) > KadOptions.EdgeShutdownTimeout.TotalSeconds);
    }

    private static int Number(string? text) => int.Parse(text!, CultureInfo.InvariantCulture);
}

/// <summary>In each deployed cluster silos tell edges from other clients.</summary>
public sealed class EdgeKeyTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> All = Manifests.Names;

    [Theory]
    [MemberData(nameof(All))]
    public void Silos_and_edges_read_the_edge_key_from_a_required_Secret(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        foreach (var workload in new[] { manifests.Silo, manifests.Edge })
        {
            var container = Assert.Single(workload.Entries("spec.template.spec.containers"));
            var source = Assert.Single(container.Entries("envFrom"), source => source.Text("secretRef.name") == "kad-edge-key");
            Assert.Null(source.Text("secretRef.optional"));
            var configuration = ContainerEnvironment.AsConfiguration(ContainerEnvironment.Of(manifests, workload));
            Assert.NotEmpty(configuration["Kad:Cluster:EdgeKey"]!);
        }

        KadSettings.ReadSilo(ContainerEnvironment.AsConfiguration(ContainerEnvironment.Of(manifests, manifests.Silo)));
        KadSettings.ReadEdge(ContainerEnvironment.AsConfiguration(ContainerEnvironment.Of(manifests, manifests.Edge)));
    }
}

/// <summary>Edges are admitted by the ranges of addresses that their traffic comes from, one or several.</summary>
public sealed class EdgeRangeTests
{
    private static readonly string[] Policies = ["kad-silo-edges", "kad-collector-edges"];

    [Fact]
    [Needs(Need.Kubectl)]
    public void One_list_of_ranges_admits_edges_to_gateways_and_to_the_collector()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        var overlay = Path.Combine(copy.Path, "kubernetes/overlays/postgres");
        File.AppendAllText(Path.Combine(overlay, "edge-ranges.yaml"), "    - ipBlock:\n        cidr: 10.244.0.0/16\n    - ipBlock:\n        cidr: 2001:db8::/64\n");

        var manifests = Manifests.Render(overlay);

        Assert.All(Policies, policy => Assert.Equal(["192.0.2.0/24", "10.244.0.0/16", "2001:db8::/64"], Ranges(manifests, policy)));
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void On_Azure_the_nodes_range_admits_edges() =>
        Assert.All(Policies, policy => Assert.Equal(["10.240.0.0/22"], Ranges(Manifests.Of("azure"), policy)));

    private static IEnumerable<string?> Ranges(Manifests manifests, string policy) =>
        Assert.Single(manifests.One("NetworkPolicy", policy).Entries("spec.ingress")).Entries("from").Select(f => f.Text("ipBlock.cidr"));
}
