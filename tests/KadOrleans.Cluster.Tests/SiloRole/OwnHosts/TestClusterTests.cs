using System.Net.Sockets;
using Orleans.TestingHost;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo and its edge in the process of a test, as docs/testing.md shows it.</summary>
public sealed class TestClusterTests
{
    [Fact]
    public async Task A_cluster_in_the_process_of_a_test_has_an_edge_and_keeps_values()
    {
        var cancelling = TestContext.Current.CancellationToken;
        var builder = new InProcessTestClusterBuilder(1);
        builder.ConfigureSilo((options, silo) => silo
            .UseInMemoryReminderService()
            .AddMemoryGrainStorage("Kad")
            .UseKadGrains()
            .AddKadEdge(edge =>
            {
                edge.Name = options.SiloName;
                edge.Listen.Add("127.0.0.1:0");
            })
            .AddKadClient());
        builder.ConfigureClient(client => client.AddKadClient());

        // Its silo has numbers of ports and opens none, so others may have them.
        var others = new List<TcpListener>();
        builder.ConfigureSilo((options, _) => others.AddRange(
            new[] { options.SiloPort, options.GatewayPort }.Select(port => new TcpListener(IPAddress.Loopback, port))));
        builder.ConfigureSilo((_, _) => others.ForEach(listener => listener.Start()));
        await using var cluster = builder.Build();
        await cluster.DeployAsync();

        var dht = cluster.Client.ServiceProvider.GetRequiredService<IDht>();
        await dht.WaitUntilReadyAsync(cancelling);
        await dht.SetAsync("greeting", "hello", SetAcknowledgement.Durable, cancelling);
        Assert.Equal("hello", (await dht.GetAsync<string>("greeting", cancelling)).Value);
        Assert.Equal(2, others.Count);
        others.ForEach(listener => listener.Dispose());
    }
}
