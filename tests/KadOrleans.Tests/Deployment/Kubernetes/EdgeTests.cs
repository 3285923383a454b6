namespace KadOrleans.Tests.Deployment;

/// <summary>How edges run: with stable names, one on a node, with the node's own address for both directions.</summary>
public sealed class EdgeTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> All = Manifests.Names;

    private static readonly string[] Policies = ["kad-silo-edges", "kad-collector-edges"];

    [Theory]
    [MemberData(nameof(All))]
    public void Edges_are_on_their_hosts_network_never_two_on_one_host_and_have_stable_names(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        var (edge, service) = (manifests.Edge, manifests.One("Service", manifests.Edge.Text("spec.serviceName")!));
        var apart = Assert.Single(edge.Pod().Entries("affinity.podAntiAffinity.requiredDuringSchedulingIgnoredDuringExecution"));

        Assert.Equal(("true", "ClusterFirstWithHostNet"), (edge.Pod().Text("hostNetwork"), edge.Pod().Text("dnsPolicy")));
        Assert.Equal("kubernetes.io/hostname", apart.Text("topologyKey"));
        Assert.Equal(edge.Labels(), apart.Pairs("labelSelector.matchLabels"));
        Assert.Equal("None", service.Text("spec.clusterIP"));
        Assert.Equal(manifests.Edge.Text("metadata.namespace"), service.Text("metadata.namespace"));
        Assert.Equal(manifests.Edge.Labels(), service.Pairs("spec.selector"));
        Assert.Equal("pod-0", ContainerEnvironment.Of(manifests, manifests.Edge)["Kad__Edge__Name"]);
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void One_list_of_ranges_admits_edges_to_gateways_and_to_the_collector()
    {
        using var copy = new CopiedFolder(Repository.Path("infra"));
        File.AppendAllText(
            copy["kubernetes/overlays/postgres/edge-ranges.yaml"], "    - ipBlock:\n        cidr: 10.244.0.0/16\n    - ipBlock:\n        cidr: 2001:db8::/64\n");

        var manifests = Manifests.Render(copy["kubernetes/overlays/postgres"]);

        Assert.All(Policies, policy => Assert.Equal(["192.0.2.0/24", "10.244.0.0/16", "2001:db8::/64"], Ranges(manifests, policy)));
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void On_Azure_the_nodes_range_admits_edges() =>
        Assert.All(Policies, policy => Assert.Equal(["10.240.0.0/22"], Ranges(Manifests.Of("azure"), policy)));

    private static IEnumerable<string?> Ranges(Manifests manifests, string policy) =>
        Assert.Single(manifests.One("NetworkPolicy", policy).Entries("spec.ingress")).Entries("from").Select(f => f.Text("ipBlock.cidr"));
}
