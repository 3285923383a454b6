using Microsoft.Extensions.Configuration;

namespace KadOrleans.Cluster.Tests.Providers;

public sealed class AzureSettingsTests
{
    private const string Blobs = "Kad:Azure:BlobServiceUri=https://x.blob.example";
    private const string Tables = "Kad:Azure:TableServiceUri=https://x.table.example";
    private const string Secret = "Kad:Azure:ConnectionString=UseDevelopmentStorage=true";
    private const string InTables = "Kad:Azure:GrainStorage=Tables";

    [Fact]
    public void Azure_Storage_keeps_all_three_and_each_service_has_a_container_or_a_table()
    {
        var filled = Complete("Orleans:ServiceId=Mine");

        Assert.Equal("AzureTableStorage", filled["Orleans:Clustering:ProviderType"]);
        Assert.Equal("AzureBlobStorage", filled["Orleans:GrainStorage:Kad:ProviderType"]);
        Assert.Equal("AzureTableStorage", filled["Orleans:Reminders:ProviderType"]);
        Assert.Equal("mine", filled["Orleans:GrainStorage:Kad:ContainerName"]);
        Assert.Equal("kad", Complete()["Orleans:GrainStorage:Kad:ContainerName"]);
        Assert.DoesNotContain("Orleans:GrainStorage:Kad:ContainerName", Complete("Orleans:GrainStorage:Kad:ContainerName=other").Keys);

        var tables = Complete(InTables);
        Assert.Equal("AzureTableStorage", tables["Orleans:GrainStorage:Kad:ProviderType"]);
        Assert.Equal("kad", tables["Orleans:GrainStorage:Kad:ServiceKey"]);
        Assert.DoesNotContain("Orleans:GrainStorage:Kad:ContainerName", tables.Keys);
    }

    [Theory]
    [InlineData("Kad:Azure:BlobServiceUri is missing; Kad:Storage=AzureStorage without Kad:Azure:ConnectionString and with Kad:Azure:GrainStorage=Blobs, the default, needs it.")]
    [InlineData("Kad:Azure:TableServiceUri is missing", Blobs)]
    [InlineData("Kad:Azure:BlobServiceUri is 'x.blob.example'", "Kad:Azure:BlobServiceUri=x.blob.example", Tables)]
    [InlineData("Kad:Azure:BlobServiceUri is 'http://x.blob.example'", "Kad:Azure:BlobServiceUri=http://x.blob.example", Tables)]
    public void Azure_is_reached_by_two_addresses_or_a_connection_string(string sentence, params string[] settings)
    {
        AssertRefused(sentence, settings);
        Assert.Equal("UseDevelopmentStorage=true", Read([.. settings, Secret]).ConnectionString);
    }

    [Fact]
    public void Grain_state_in_tables_needs_no_blobs()
    {
        var read = Read(Tables, "Kad:Azure:GrainStorage=tables");

        Assert.Equal((null, "https://x.table.example", AzureGrains.Tables), (read.BlobServiceUri, read.TableServiceUri, read.GrainStorage));
        AssertRefused("Kad:Azure:GrainStorage is 'Queues'; Blobs, Tables are allowed.", Tables, "Kad:Azure:GrainStorage=Queues");
    }

    [Theory]
    [InlineData("AZURE_CLIENT_ID is missing; AZURE_TOKEN_CREDENTIALS=WorkloadIdentityCredential needs it; ", "AZURE_CLIENT_ID=")]
    [InlineData("AZURE_TENANT_ID is missing; ", "AZURE_TENANT_ID=")]
    [InlineData("AZURE_FEDERATED_TOKEN_FILE is missing; ", "AZURE_FEDERATED_TOKEN_FILE=")]
    [InlineData("AZURE_FEDERATED_TOKEN_FILE is 'no/such/file', a file that is not there; ", "AZURE_FEDERATED_TOKEN_FILE=no/such/file")]
    public void Workload_identity_without_what_it_needs_is_named_in_a_sentence(string sentence, string wrong)
    {
        var file = typeof(AzureSettingsTests).Assembly.Location;
        string[] whole = [Blobs, Tables, "AZURE_CLIENT_ID=id", "AZURE_TENANT_ID=id", $"AZURE_FEDERATED_TOKEN_FILE={file}"];

        Assert.Null(Read([.. whole, wrong]).ConnectionString);
        Assert.NotNull(Read([.. whole, "AZURE_TOKEN_CREDENTIALS=WorkloadIdentityCredential"]).BlobServiceUri);
        AssertRefused(sentence, [.. whole, wrong, "AZURE_TOKEN_CREDENTIALS=WorkloadIdentityCredential"]);
    }

    private static void AssertRefused(string sentence, params string[] settings) => Assert.StartsWith(
        sentence, Assert.Throws<OptionsValidationException>(() => Read(settings)).Message, StringComparison.Ordinal);

    private static AzureOptions Read(params string[] settings) => AzureSettings.Read(Build(settings), isSilo: true);

    private static Dictionary<string, string?> Complete(params string[] settings)
    {
        var configuration = Build(["Kad:Storage=AzureStorage", Secret, .. settings]);
        return ClusterProviders.FillInSilo(configuration, KadSettings.ReadSilo(configuration, new KadProviders().Known), new KadProviders());
    }

    // A later setting goes over an earlier one.
    private static IConfigurationRoot Build(string[] settings) => new ConfigurationBuilder().AddCommandLine(settings).Build();
}
