namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Standalone nodes of the same network, over real UDP on loopback.</summary>
internal static class Peer
{
    /// <summary>One that asks and stores nothing itself.</summary>
    public static Task<KadNode> ClientAsync() => StartAsync(isClient: true);

    /// <summary>A client that knows the network through one node, which has answered it.</summary>
    public static async Task<KadNode> JoinedAsync(UdpEndpoint via)
    {
        var client = await ClientAsync();
        Assert.Equal(1, (await client.BootstrapAsync([via.ToString()], TestContext.Current.CancellationToken)).Joined);
        return client;
    }

    public static Task<KadNode> NodeAsync(string listen = "127.0.0.1:0") => StartAsync(isClient: false, listen);

    /// <summary>An engine alone: it answers, and looks nothing up by itself.</summary>
    public static DhtNode Engine()
    {
        var options = new KadNodeOptions();
        var environment = new NodeEnvironment();
        var table = new LocalRoutingTable(
            NodeId.Random(environment.Random), options.Kademlia, new SubnetDiversity(), environment.Time);
        var node = new DhtNode(
            options,
            UdpTransport.Bind(UdpEndpoint.Parse("127.0.0.1:0")),
            table,
            new InMemoryKeyStore(options.Quota, environment.CreateChecks()),
            environment);
        node.Start();
        return node;
    }

    private static async Task<KadNode> StartAsync(bool isClient, string listen = "127.0.0.1:0")
    {
        var node = await KadNode.CreateBuilder(options => options.ClientOnly = isClient).UseUdp(listen).BuildAsync();
        await node.StartAsync();
        return node;
    }
}
