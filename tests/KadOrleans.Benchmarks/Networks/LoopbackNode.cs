using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node;
using KadOrleans.Node.Local;
using KadOrleans.Transport.Udp;

namespace KadOrleans.Benchmarks.Networks;

/// <summary>A node with a socket of its own on 127.0.0.1, options as by default, and all that it holds in memory.</summary>
internal sealed class LoopbackNode : IAsyncDisposable
{
    private readonly InMemoryKeyStore _store = new(new StoreQuota());

    private LoopbackNode(IEnumerable<UdpEndpoint> bootstrap)
    {
        var options = new KadNodeOptions();
        foreach (var endpoint in bootstrap)
        {
            options.Bootstrap.Add(endpoint.ToString());
        }

        var transport = UdpTransport.Bind(UdpEndpoint.Parse("127.0.0.1:0"));
        Node = new KadNode(options, transport, _store, new InMemoryNodeStateStore());
    }

    public KadNode Node { get; }

    /// <summary>Starts a node and has it join.</summary>
    public static async Task<LoopbackNode> StartAsync(IEnumerable<UdpEndpoint> bootstrap)
    {
        var node = new LoopbackNode(bootstrap);
        await node.Node.StartAsync();
        await node.Node.JoinAsync();
        return node;
    }

    /// <summary>Whether a get by this node would never leave it.</summary>
    public async Task<bool> HoldsAsync(NodeId key) => await _store.GetAsync(key, TimeProvider.System.GetUtcNow()) is not null;

    /// <summary>Closes its socket and stops it: from now on it is silent.</summary>
    public ValueTask DisposeAsync() => Node.DisposeAsync();
}
