using KadOrleans.Server.Full;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Options;

namespace KadOrleans.Full.Tests;

public sealed class AzureSettingsTests
{
    [Fact]
    public void Azure_Storage_keeps_all_three_and_each_service_has_a_container()
    {
        var filled = Complete(("Orleans:ServiceId", "Mine"));

        Assert.Equal("AzureTableStorage", filled["Orleans:Clustering:ProviderType"]);
        Assert.Equal("AzureBlobStorage", filled["Orleans:GrainStorage:Kad:ProviderType"]);
        Assert.Equal("AzureTableStorage", filled["Orleans:Reminders:ProviderType"]);
        Assert.Equal("mine", filled["Orleans:GrainStorage:Kad:ContainerName"]);
        Assert.Equal("kad", Complete()["Orleans:GrainStorage:Kad:ContainerName"]);
    }

    [Fact]
    public void Grain_state_is_in_tables_where_that_is_set()
    {
        var filled = Complete(("Kad:Azure:GrainStorage", "Tables"));

        Assert.Equal("AzureTableStorage", filled["Orleans:GrainStorage:Kad:ProviderType"]);
        Assert.Equal("kad", filled["Orleans:GrainStorage:Kad:ServiceKey"]);
        Assert.DoesNotContain("Orleans:GrainStorage:Kad:ContainerName", filled.Keys);
    }

    [Fact]
    public void A_configured_container_is_kept() =>
        Assert.DoesNotContain("Orleans:GrainStorage:Kad:ContainerName", Complete(("Orleans:GrainStorage:Kad:ContainerName", "other")).Keys);

    [Theory]
    [InlineData(null, null, "Kad:Azure:BlobServiceUri is missing; Kad:Storage=AzureStorage without Kad:Azure:ConnectionString and with Kad:Azure:GrainStorage=Blobs, the default, needs it.")]
    [InlineData("https://x.blob.example", null, "Kad:Azure:TableServiceUri is missing")]
    [InlineData("x.blob.example", "https://x.table.example", "Kad:Azure:BlobServiceUri is 'x.blob.example'")]
    [InlineData("http://x.blob.example", "https://x.table.example", "Kad:Azure:BlobServiceUri is 'http://x.blob.example'")]
    public void Azure_is_reached_by_two_addresses_or_a_connection_string(string? blobs, string? tables, string sentence)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Kad:Azure:BlobServiceUri"] = blobs,
            ["Kad:Azure:TableServiceUri"] = tables,
        };
        var mistake = Assert.Throws<OptionsValidationException>(() => AzureSettings.Read(Build(settings), isSilo: true));
        Assert.StartsWith(sentence, mistake.Message, StringComparison.Ordinal);

        settings["Kad:Azure:ConnectionString"] = "UseDevelopmentStorage=true";
        Assert.Equal("UseDevelopmentStorage=true", AzureSettings.Read(Build(settings), isSilo: true).ConnectionString);

        static IConfigurationRoot Build(Dictionary<string, string?> settings) =>
            new ConfigurationBuilder().AddInMemoryCollection(settings).Build();
    }

    [Fact]
    public void Grain_state_in_tables_needs_no_blobs()
    {
        var settings = new Dictionary<string, string?>
        {
            ["Kad:Azure:TableServiceUri"] = "https://x.table.example",
            ["Kad:Azure:GrainStorage"] = "tables",
        };

        Assert.Equal((null, "https://x.table.example", AzureGrains.Tables), (Read().BlobServiceUri, Read().TableServiceUri, Read().GrainStorage));
        settings["Kad:Azure:GrainStorage"] = "Queues";
        Assert.StartsWith("Kad:Azure:GrainStorage is 'Queues'; Blobs, Tables are allowed.", Assert.Throws<OptionsValidationException>(Read).Message, StringComparison.Ordinal);

        AzureOptions Read() => AzureSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), isSilo: true);
    }

    [Theory]
    [InlineData(null, "t", "f", "AZURE_CLIENT_ID is missing; AZURE_TOKEN_CREDENTIALS=WorkloadIdentityCredential needs it; ")]
    [InlineData("c", null, "f", "AZURE_TENANT_ID is missing; ")]
    [InlineData("c", "t", null, "AZURE_FEDERATED_TOKEN_FILE is missing; ")]
    [InlineData("c", "t", "no/such/file", "AZURE_FEDERATED_TOKEN_FILE is 'no/such/file', a file that is not there; ")]
    public void Workload_identity_without_what_it_needs_is_named_in_a_sentence(string? client, string? tenant, string? file, string sentence)
    {
        var settings = new Dictionary<string, string?>
        {
            ["Kad:Azure:BlobServiceUri"] = "https://x.blob.example",
            ["Kad:Azure:TableServiceUri"] = "https://x.table.example",
            ["AZURE_CLIENT_ID"] = client,
            ["AZURE_TENANT_ID"] = tenant,
            ["AZURE_FEDERATED_TOKEN_FILE"] = file,
        };
        Assert.Null(Read().ConnectionString);

        settings["AZURE_TOKEN_CREDENTIALS"] = "WorkloadIdentityCredential";
        Assert.StartsWith(sentence, Assert.Throws<OptionsValidationException>(Read).Message, StringComparison.Ordinal);

        settings["AZURE_CLIENT_ID"] = settings["AZURE_TENANT_ID"] = "id";
        settings["AZURE_FEDERATED_TOKEN_FILE"] = typeof(AzureSettingsTests).Assembly.Location;
        Assert.NotNull(Read().BlobServiceUri);

        AzureOptions Read() => AzureSettings.Read(new ConfigurationBuilder().AddInMemoryCollection(settings).Build(), isSilo: true);
    }

    private static Dictionary<string, string?> Complete(params (string Key, string Value)[] given)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(given
                .Select(g => KeyValuePair.Create<string, string?>(g.Key, g.Value))
                .Append(KeyValuePair.Create<string, string?>("Kad:Storage", "AzureStorage"))
                .Append(KeyValuePair.Create<string, string?>("Kad:Azure:ConnectionString", "UseDevelopmentStorage=true")))
            .Build();
        return ClusterProviders.FillInSilo(configuration, KadSettings.ReadSilo(configuration), new KadProviders(providers => providers.UseKadAzureStorage()));
    }
}
