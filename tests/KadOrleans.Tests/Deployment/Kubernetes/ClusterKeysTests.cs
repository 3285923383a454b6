namespace KadOrleans.Tests.Deployment;

/// <summary>
/// Silos have both keys of the cluster, edges the gateway's alone: in the manifests, and in what documents and scripts tell operators to run.
/// </summary>
public sealed class ClusterKeysTests
{
    /// <summary>The names of the silos' key, as a setting, a variable, a Secret or a file.</summary>
    public const string SilosKey = "(?i)silo[-_]?key";

    public static readonly IEnumerable<TheoryDataRow<string>> All = Manifests.Names;

    [Theory]
    [MemberData(nameof(All))]
    public void Silos_have_both_keys_and_edges_the_gateways_from_Secrets_without_which_no_pod_starts(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        Assert.All([(manifests.Silo, "kad-gateway-key"), (manifests.Silo, "kad-silo-key"), (manifests.Edge, "kad-gateway-key")], pair =>
        {
            var source = Assert.Single(pair.Item1.Container().Entries("envFrom"), source => source.Text("secretRef.name") == pair.Item2);
            Assert.Null(source.Text("secretRef.optional"));
        });
        var (silo, edge) = (ContainerEnvironment.Of(manifests, manifests.Silo), ContainerEnvironment.Of(manifests, manifests.Edge));
        Assert.NotEqual(silo["Kad__Cluster__GatewayKey"], silo["Kad__Cluster__SiloKey"]);
        Assert.Equal(silo["Kad__Cluster__GatewayKey"], edge["Kad__Cluster__GatewayKey"]);
        Assert.DoesNotContain(edge.Keys, name => Regex.IsMatch(name, SilosKey));
    }

    /// <summary>No container, volume or setting of edges or telemetry, and none of the schema's Job.</summary>
    [Theory]
    [MemberData(nameof(All))]
    public void Nothing_but_the_silos_own_workload_names_the_silos_key(string overlay)
    {
        var manifests = Manifests.Of(overlay);
        Assert.Matches(SilosKey, manifests.Silo.ToJsonString());
        Assert.All(manifests.All.Where(resource => resource != manifests.Silo), resource => Assert.DoesNotMatch(SilosKey, resource.ToJsonString()));
    }
}
