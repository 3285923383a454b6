using KadOrleans.Hosting.Cluster;
using KadOrleans.Hosting.Settings;
using Microsoft.Extensions.Configuration;

namespace KadOrleans.Silo.Tests.AzureStorage;

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

    private static Dictionary<string, string?> Complete(params (string Key, string Value)[] given)
    {
        var configuration = new ConfigurationBuilder()
            .AddInMemoryCollection(given
                .Select(g => KeyValuePair.Create<string, string?>(g.Key, g.Value))
                .Append(KeyValuePair.Create<string, string?>("Kad:Storage", "AzureStorage"))
                .Append(KeyValuePair.Create<string, string?>("Kad:Azure:ConnectionString", "UseDevelopmentStorage=true")))
            .Build();
        return ClusterProviders.FillIn(configuration, SiloSettings.Read(configuration));
    }
}
