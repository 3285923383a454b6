using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Tests.Deployment;

/// <summary>The executables' own readers take the environment that the manifests give, and nothing in it goes unread.</summary>
public sealed class EnvironmentTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> All = Manifests.Names;

    // What others than the section Kad read: Orleans' options, and Azure.Identity.
    private static readonly string[] KnownToOthers =
    [
        "Orleans:ClusterId", "Orleans:ServiceId", "Orleans:Name", "Orleans:Endpoints:AdvertisedIPAddress", "AZURE_TOKEN_CREDENTIALS",
    ];

    [Theory]
    [MemberData(nameof(All))]
    public void A_silo_reads_its_own_environment(string overlay)
    {
        var configuration = Silo(overlay);

        var settings = KadSettings.ReadSilo(configuration);

        Assert.Equal(ServerRole.Silo, settings.Role);
        Assert.Equal((new KadSiloOptions().Port, new KadSiloOptions().GatewayPort), (settings.Silo.Port, settings.Silo.GatewayPort));
        Assert.Equal(new IPEndPoint(IPAddress.Any, 8080), settings.Http.EndPoint);
        Assert.True(settings.ServesDashboard);
        Assert.Equal("10.1.2.3", configuration["Orleans:Endpoints:AdvertisedIPAddress"]);
    }

    [Theory]
    [MemberData(nameof(All))]
    public void An_edge_reads_its_own_environment(string overlay)
    {
        var settings = KadSettings.ReadEdge(Edge(overlay));

        Assert.True(KadSettings.IsEdge(Edge(overlay)));
        Assert.Equal("pod-0", settings.Edge.Name);
        Assert.True(IPAddress.IsLoopback(settings.Http.EndPoint.Address));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Every_name_is_read_by_a_process(string overlay)
    {
        foreach (var configuration in new[] { Silo(overlay), Edge(overlay) })
        {
            var others = configuration.AsEnumerable().Where(s => s.Value is not null).Select(s => s.Key)
                .Where(key => !key.StartsWith("Kad:", StringComparison.OrdinalIgnoreCase));
            Assert.Empty(others.Except(KnownToOthers));
        }
    }

    [Theory]
    [MemberData(nameof(All))]
    public void Silos_and_edges_name_one_cluster(string overlay)
    {
        var (silo, edge) = (Silo(overlay), Edge(overlay));
        Assert.All(
            (string[])["Orleans:ClusterId", "Orleans:ServiceId", "Kad:Storage"], name => Assert.Equal(silo[name], edge[name]));
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void On_PostgreSql_both_find_the_cluster_there()
    {
        Assert.Equal(StorageChoice.AdoNet, KadSettings.ReadSilo(Silo("postgres")).Storage);
        Assert.Equal(StorageChoice.AdoNet, KadSettings.ReadEdge(Edge("postgres")).Clustering);
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void On_Azure_both_have_the_addresses_of_their_storage()
    {
        var silo = KadSettings.ReadSilo(Silo("azure"));
        Assert.Equal((StorageChoice.AzureStorage, AzureGrains.Tables), (silo.Storage, silo.Azure.GrainStorage));

        // The way back to blobs is the choice alone.
        Assert.StartsWith("https://", silo.Azure.BlobServiceUri, StringComparison.Ordinal);
        Assert.Equal(silo.Azure.TableServiceUri, Edge("azure")["Kad:Azure:TableServiceUri"]);
    }

    [Theory]
    [InlineData("Kad__Htp")]
    [InlineData("Kad__Edge__Lissen")]
    [InlineData("Kad__Cluster__ShardBit")]
    [InlineData("Kad__Dashboard__Pasword")]
    public void A_typing_mistake_ends_start_up(string name)
    {
        var silo = ContainerEnvironment.Of(Manifests.Of("base"), Manifests.Of("base").Silo);
        var edge = ContainerEnvironment.Of(Manifests.Of("base"), Manifests.Of("base").Edge);
        silo[name] = edge[name] = "1";

        Assert.Throws<OptionsValidationException>(() => KadSettings.ReadSilo(ContainerEnvironment.AsConfiguration(silo)));
        Assert.Throws<OptionsValidationException>(() => KadSettings.ReadEdge(ContainerEnvironment.AsConfiguration(edge)));
    }

    [Theory]
    [MemberData(nameof(All))]
    public void One_environment_may_have_the_settings_of_both(string overlay)
    {
        var both = Silo(overlay).AsEnumerable().Concat(Edge(overlay).AsEnumerable()).DistinctBy(setting => setting.Key);
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(both).Build();

        Assert.Equal(KadSettings.ReadSilo(configuration).Http.EndPoint, KadSettings.ReadEdge(configuration).Http.EndPoint);
    }

    private static IConfigurationRoot Silo(string overlay) => Read(overlay, m => m.Silo);

    private static IConfigurationRoot Edge(string overlay) => Read(overlay, m => m.Edge);

    private static IConfigurationRoot Read(string overlay, Func<Manifests, System.Text.Json.Nodes.JsonObject> workload) =>
        ContainerEnvironment.AsConfiguration(ContainerEnvironment.Of(Manifests.Of(overlay), workload(Manifests.Of(overlay))));
}
