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
    private const string IPv4 = "0.0.0.0:0";
    private const string Both = "[::]:0";

    private readonly KadNode _node;

    private EphemeralClient(KadNode node)
    {
        _node = node;
    }

    /// <summary>The engine behind it.</summary>
    public DhtNode Engine => _node.Engine;

    /// <summary>Binds any free port of the targets' address family: of both, if one of them is IPv6.</summary>
    /// <exception cref="TransportException">The system lacks that family.</exception>
    public static Task<EphemeralClient> StartAsync(IEnumerable<Target> targets, CancellationToken cancellationToken)
    {
        var isIPv4 = targets.SelectMany(t => t.Endpoints).All(e => e.IsIPv4);
        return StartAsync(UdpTransport.Bind(UdpEndpoint.Parse(isIPv4 ? IPv4 : Both)), cancellationToken);
    }

    /// <summary>Binds any free port of every address family that the system has.</summary>
    public static Task<EphemeralClient> StartOnAllAsync(CancellationToken cancellationToken)
    {
        UdpTransport transport;
        try
        {
            transport = UdpTransport.Bind(UdpEndpoint.Parse(Both));
        }
        catch (TransportException)
        {
            transport = UdpTransport.Bind(UdpEndpoint.Parse(IPv4));
        }

        return StartAsync(transport, cancellationToken);
    }

    private static async Task<EphemeralClient> StartAsync(UdpTransport transport, CancellationToken cancellationToken)
    {
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
