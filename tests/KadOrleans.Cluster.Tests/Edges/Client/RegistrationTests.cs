using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.Cluster.Tests.Edges;

[Collection(Clients.Name)]
public sealed class RegistrationTests(SixteenShardCluster cluster)
{
    [Fact]
    public async Task A_silo_has_the_client_as_well_and_both_see_the_same_keys()
    {
        var inSilo = cluster.Cluster.GetSiloServiceProvider().GetRequiredService<IDht>();
        var inClient = cluster.Cluster.Client.ServiceProvider.GetRequiredService<IDht>();

        await inSilo.SetAsync("from the silo", "hello");

        Assert.Equal("hello", (await inClient.GetAsync<string>("from the silo")).Value);
    }

    [Fact]
    public void Adding_it_twice_adds_one()
    {
        var services = new ServiceCollection().AddSingleton(cluster.Grains).AddKadClient().AddKadClient();

        Assert.Single(services, service => service.ServiceType == typeof(IDht));
        using var provider = services.BuildServiceProvider();
        Assert.IsType<DhtClient>(provider.GetRequiredService<IDht>());
    }
}

/// <summary>What the client's README shows, as it stands there.</summary>
[Collection(Clients.Name)]
public sealed class SampleTests(SixteenShardCluster cluster)
{
    [Fact]
    public async Task Three_lines_write_and_read_the_dht()
    {
        var services = cluster.Cluster.Client.ServiceProvider;

        var dht = services.GetRequiredService<IDht>();
        await dht.SetAsync("greeting", "hello");
        var (found, greeting) = await dht.GetAsync<string>("greeting");

        Assert.Equal((true, "hello"), (found, greeting));
    }
}
