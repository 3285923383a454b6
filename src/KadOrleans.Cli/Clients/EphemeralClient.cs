using KadOrleans.Node;
using KadOrleans.Transport.Udp;
using KadOrleans.Transport.Udp.Hosting;

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
        return StartAsync(isIPv4 ? IPv4 : Both, cancellationToken);
    }

    /// <summary>Binds any free port of every address family that the system has.</summary>
    public static async Task<EphemeralClient> StartOnAllAsync(CancellationToken cancellationToken)
    {
        try
        {
            return await StartAsync(Both, cancellationToken);
        }
        catch (TransportException)
        {
            return await StartAsync(IPv4, cancellationToken);
        }
    }

    private static async Task<EphemeralClient> StartAsync(string listen, CancellationToken cancellationToken)
    {
        var node = await KadNode.CreateBuilder(options => options.ClientOnly = true).UseUdp(listen).BuildAsync();
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
