using KadOrleans.EdgeWorker.Tests.Running;
using Microsoft.Extensions.DependencyInjection;

namespace KadOrleans.EdgeWorker.Tests.Client;

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
