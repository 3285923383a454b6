using KadOrleans.Server;
using Microsoft.Extensions.Configuration;

namespace KadOrleans.Tests.Deployment;

/// <summary>The executables' own readers take the environment that the manifests give, and nothing in it goes unread.</summary>
public sealed class EnvironmentTests
{
    public static readonly IEnumerable<TheoryDataRow<string>> All = Manifests.Names;

    private static readonly KnownStorages Storages = new KadProviders().Known;

    // What others than the section Kad read: Orleans' options, the log, OpenTelemetry, and Azure.Identity.
    private static readonly string[] KnownToOthers =
    [
        "Orleans:ClusterId", "Orleans:ServiceId", "Orleans:Name", "Orleans:Endpoints:AdvertisedIPAddress", "AZURE_TOKEN_CREDENTIALS",
        "Logging:Console:FormatterName", "OTEL_LOGS_EXPORTER",
    ];

    [Theory]
    [MemberData(nameof(All))]
    public void Silo_and_edge_read_their_own_environment_and_name_one_cluster(string overlay)
    {
        var (silo, edge) = (Silo(overlay), Edge(overlay));
        var (ofSilo, ofEdge) = (KadSettings.ReadSilo(silo, Storages), KadSettings.ReadEdge(edge, Storages));

        Assert.Equal(ServerRole.Silo, ofSilo.Role);
        Assert.Equal((new KadSiloOptions().Port, new KadSiloOptions().GatewayPort), (ofSilo.Silo.Port, ofSilo.Silo.GatewayPort));
        Assert.Equal(new IPEndPoint(IPAddress.Any, 8080), ofSilo.Http.EndPoint);
        Assert.True(ofSilo.ServesDashboard);
        Assert.Equal("10.1.2.3", silo["Orleans:Endpoints:AdvertisedIPAddress"]);
        Assert.True(KadSettings.IsEdge(edge));
        Assert.Equal("pod-0", ofEdge.Edge.Name);
        Assert.True(IPAddress.IsLoopback(ofEdge.Http.EndPoint.Address));
        Assert.All((string[])["Orleans:ClusterId", "Orleans:ServiceId", "Kad:Storage"], name => Assert.Equal(silo[name], edge[name]));

        // One environment may have the settings of both, but for the silos' key, with which no edge starts.
        var both = silo.AsEnumerable().Concat(edge.AsEnumerable()).DistinctBy(setting => setting.Key)
            .Where(setting => setting.Key != "Kad:Cluster:SiloKey").ToList();
        var configuration = new ConfigurationBuilder().AddInMemoryCollection(both).Build();
        Assert.Equal(KadSettings.ReadSilo(configuration, Storages).Http.EndPoint, KadSettings.ReadEdge(configuration, Storages).Http.EndPoint);

        // Every name is read by a process.
        var others = both.Where(s => s.Value is not null && !s.Key.StartsWith("Kad:", StringComparison.OrdinalIgnoreCase));
        Assert.Empty(others.Select(s => s.Key).Except(KnownToOthers));
    }

    [Fact]
    [Needs(Need.Kubectl)]
    public void Silo_and_edge_find_the_storage_of_their_overlay()
    {
        Assert.Equal(PostgreSqlProvider.StorageName, KadSettings.ReadSilo(Silo("postgres"), Storages).Storage);
        Assert.Equal(PostgreSqlProvider.StorageName, KadSettings.ReadEdge(Edge("postgres"), Storages).Clustering);
        Assert.Equal(AzureStorageProvider.StorageName, KadSettings.ReadSilo(Silo("azure"), Storages).Storage);
        var azure = KadSettings.ReadSection<AzureOptions>(Silo("azure"), AzureOptions.Section);
        Assert.Equal(AzureGrains.Tables, azure.GrainStorage);

        // The way back to blobs is the choice alone.
        Assert.StartsWith("https://", azure.BlobServiceUri, StringComparison.Ordinal);
        Assert.Equal(azure.TableServiceUri, Edge("azure")["Kad:Azure:TableServiceUri"]);
    }

    private static IConfigurationRoot Silo(string overlay) => ContainerEnvironment.Read(Manifests.Of(overlay), Manifests.Of(overlay).Silo);

    private static IConfigurationRoot Edge(string overlay) => ContainerEnvironment.Read(Manifests.Of(overlay), Manifests.Of(overlay).Edge);
}
