using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Node;
using KadOrleans.Node.Local;
using KadOrleans.Transport.Udp;

namespace KadOrleans.Edge.Tests.Running;

/// <summary>Standalone nodes of the same network, over real UDP on loopback.</summary>
internal static class Peer
{
    /// <summary>One that asks and stores nothing itself.</summary>
    public static Task<KadNode> ClientAsync() => StartAsync(new KadNodeOptions { ClientOnly = true });

    /// <summary>A full node.</summary>
    public static Task<KadNode> NodeAsync() => StartAsync(new KadNodeOptions());

    /// <summary>An engine alone: it answers, and looks nothing up by itself.</summary>
    public static DhtNode Engine()
    {
        var options = new KadNodeOptions();
        var environment = new NodeEnvironment();
        var table = new LocalRoutingTable(
            NodeId.Random(environment.Random), options.Kademlia, new SubnetDiversity(), environment.Time);
        var node = new DhtNode(
            options, UdpTransport.Bind(UdpEndpoint.Parse("127.0.0.1:0")), table, new InMemoryKeyStore(options.Quota), environment);
        node.Start();
        return node;
    }

    private static async Task<KadNode> StartAsync(KadNodeOptions options)
    {
        var node = new KadNode(
            options,
            UdpTransport.Bind(UdpEndpoint.Parse("127.0.0.1:0")),
            new InMemoryKeyStore(new StoreQuota()),
            new InMemoryNodeStateStore());
        await node.StartAsync();
        return node;
    }
}
