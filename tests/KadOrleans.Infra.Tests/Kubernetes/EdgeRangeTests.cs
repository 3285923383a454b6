using KadOrleans.Testing.Conditions;
using KadOrleans.Testing.Deployment;
using KadOrleans.Testing;

namespace KadOrleans.Infra.Tests.Kubernetes;

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
