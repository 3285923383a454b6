using KadOrleans.Hosting.Settings;
using KadOrleans.Testing.Deployment;

namespace KadOrleans.Infra.Tests.Kubernetes;

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
