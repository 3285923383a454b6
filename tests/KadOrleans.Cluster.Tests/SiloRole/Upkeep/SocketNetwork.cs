namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Nodes of this process on the loopback, which hold their values in memory.</summary>
internal sealed class SocketNetwork : IAsyncDisposable
{
    public const int K = 20;

    private readonly List<(KadNode Node, InMemoryKeyStore Store)> _nodes = [];

    private SocketNetwork()
    {
    }

    public UdpEndpoint First => _nodes[0].Node.LocalEndpoints[0];

    /// <summary>Requests that the nodes have received, by type.</summary>
    public IReadOnlyDictionary<string, long> Received => new SortedDictionary<string, long>(
        Enum.GetNames<RequestKind>().ToDictionary(kind => kind, kind => _nodes.Sum(node => node.Node.Engine.Counts.GetValueOrDefault($"received.{kind}"))));

    public static Task<SocketNetwork> StartAsync(int count) => new SocketNetwork().StartedAsync(network => network.StartNodesAsync(count));

    /// <summary>Waits until all nodes have met, and some other ids are found by them.</summary>
    public Task KnowsAsync(IReadOnlyList<NodeId> ids) => Eventually.BecomesAsync(
        async () =>
        {
            await Task.WhenAll(_nodes.Select(node => node.Node.FindNodeAsync(node.Node.Id)));
            var found = await Task.WhenAll(ids.Select(id => _nodes[^1].Node.FindNodeAsync(id)));
            return found.Zip(ids, (outcome, id) => outcome.Closest.Any(contact => contact.Id == id)).All(isFound => isFound);
        },
        () => "a network that knows the edges");

    /// <summary>How many nodes are nearer to a key than an id is.</summary>
    public int CountNearer(NodeId key, NodeId id) => _nodes.Count(node => node.Node.Id.DistanceTo(key) < id.DistanceTo(key));

    /// <summary>The share of those that are among the k nearest to a key, with some other ids, that holds it.</summary>
    public double ShareOfHolders(NodeId key, IReadOnlyList<NodeId> ids)
    {
        var nearest = _nodes.Select(node => (node.Node.Id, Store: (InMemoryKeyStore?)node.Store))
            .Concat(ids.Select(id => (Id: id, Store: (InMemoryKeyStore?)null)))
            .OrderBy(node => node.Id.DistanceTo(key))
            .Take(K)
            .Where(node => node.Store is not null)
            .ToList();
        return nearest.Count(node => node.Store!.GetAsync(key, DateTimeOffset.UtcNow).AsTask().Result is not null) / (double)nearest.Count;
    }

    public async ValueTask DisposeAsync()
    {
        foreach (var (node, _) in _nodes)
        {
            await node.DisposeAsync();
        }
    }

    private async Task StartNodesAsync(int count)
    {
        while (_nodes.Count < count)
        {
            var options = new KadNodeOptions { Trust = { "127.0.0.0/8" } };
            if (_nodes.Count > 0)
            {
                options.Bootstrap.Add($"{First}");
            }

            var store = new InMemoryKeyStore(StoreQuota.Unlimited, SignedItems.NewChecks());
            var node = new KadNode(options, UdpTransport.Bind(UdpEndpoint.Parse("127.0.0.1:0")), store, new InMemoryNodeStateStore());
            _nodes.Add((node, store));
            await node.StartAsync();
            await node.JoinAsync();
        }
    }
}
