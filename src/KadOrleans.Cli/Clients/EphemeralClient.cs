using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Node;
using KadOrleans.Node.Local;
using KadOrleans.Transport.Udp;

namespace KadOrleans.Cli.Clients;

/// <summary>
/// A client of the network for the length of one command: it asks, but nobody takes it for a node, and it keeps
/// nothing.
/// </summary>
internal sealed class EphemeralClient : IAsyncDisposable
{
    private readonly KadNode _node;

    private EphemeralClient(KadNode node)
    {
        _node = node;
    }

    /// <summary>The engine behind it.</summary>
    public DhtNode Engine => _node.Engine;

    /// <summary>Binds any free port of the targets' address family: of both, if one of them is IPv6.</summary>
    /// <exception cref="TransportException">The system lacks that family.</exception>
    public static async Task<EphemeralClient> StartAsync(IEnumerable<Target> targets, CancellationToken cancellationToken)
    {
        var isIPv4 = targets.SelectMany(t => t.Endpoints).All(e => e.IsIPv4);
        var transport = UdpTransport.Bind(UdpEndpoint.Parse(isIPv4 ? "0.0.0.0:0" : "[::]:0"));
        var node = new KadNode(
            new KadNodeOptions { ClientOnly = true },
            transport,
            new InMemoryKeyStore(new StoreQuota()),
            new InMemoryNodeStateStore());
        try
        {
            await node.StartAsync(cancellationToken);
            return new EphemeralClient(node);
        }
        catch
        {
            await node.DisposeAsync();
            throw;
        }
    }

    public ValueTask DisposeAsync() => _node.DisposeAsync();
}
