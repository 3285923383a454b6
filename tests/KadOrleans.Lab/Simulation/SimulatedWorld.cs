using System.Diagnostics.CodeAnalysis;
using System.Net.Sockets;

namespace KadOrleans.Lab;

/// <summary>Real nodes on a simulated network, on virtual time and one thread: the same seed gives the same run.</summary>
public sealed class SimulatedWorld
{
    private readonly VirtualThread _thread = new();

    public SimulatedWorld(int seed, NetworkConditions? conditions = null)
    {
        Random = new SeededRandomSource(seed);
        Network = new SimulatedNetwork(Clock, Random, conditions ?? new NetworkConditions());
    }

    public ManualTimeProvider Clock { get; } = new();

    public SeededRandomSource Random { get; }

    public SimulatedNetwork Network { get; }

    public IList<SimulatedNode> Nodes { get; } = [];

    /// <summary>What host names resolve to; the ports do not count.</summary>
    public IDictionary<string, UdpEndpoint[]> Names { get; } = new Dictionary<string, UdpEndpoint[]>();

    /// <summary>Runs a scenario in a world of its own.</summary>
    public static void Run(int seed, Func<SimulatedWorld, Task> scenario, NetworkConditions? conditions = null)
    {
        var world = new SimulatedWorld(seed, conditions);
        world.Run(() => scenario(world));
    }

    public T Run<T>(Func<Task<T>> scenario) => _thread.Run(Clock, scenario);

    public void Run(Func<Task> scenario) => _thread.Run(Clock, async () =>
    {
        await scenario();
        return true;
    });

    /// <summary>Lets so much time pass, in whole milliseconds: <see cref="Task.Delay(TimeSpan)"/> waits none for a part of one.</summary>
    public Task PassAsync(TimeSpan time) => Task.Delay(TimeSpan.FromMilliseconds(Math.Ceiling(time.TotalMilliseconds)), Clock);

    /// <summary>Starts a node that does not know anybody.</summary>
    public async Task<SimulatedNode> StartNodeAsync(Action<KadNodeOptions>? configure = null)
    {
        var node = new SimulatedNode(this, configure);
        await node.StartAsync();
        Nodes.Add(node);
        return node;
    }

    public async Task StartNetworkAsync(int count, Action<KadNodeOptions>? configure = null)
    {
        for (var i = 0; i < count; i++)
        {
            var bootstrap = Nodes.Count == 0 ? null : Nodes[Random.Next(Nodes.Count)];
            var node = await StartNodeAsync(configure);
            if (bootstrap is not null)
            {
                await JoinAsync(node, bootstrap);
            }
        }
    }

    // Where datagrams are lost, a try may fail.
    private static async Task JoinAsync(SimulatedNode node, SimulatedNode bootstrap)
    {
        for (var tries = 0; tries < 3; tries++)
        {
            if ((await node.Node.BootstrapAsync([bootstrap.Transport.Endpoint.ToString()])).Joined > 0)
            {
                return;
            }
        }
    }

    public SimulatedNode PickNode() => Nodes[Random.Next(Nodes.Count)];

    public RawPeer AddPeer() => new(Network.Bind(), NodeId.Random(Random));

    /// <summary>The clock and randomness of this world, for nodes that are made outside it.</summary>
    public NodeEnvironment Environment => new()
    {
        Time = Clock,
        Random = Random,
        CheckThreads = 0,
        Resolver = (host, _) => Names.TryGetValue(host, out var endpoints)
            ? Task.FromResult<IPAddress[]>([.. endpoints.Select(endpoint => endpoint.ToIPAddress())])
            : throw new SocketException((int)SocketError.HostNotFound),
    };
}

/// <summary>One real node in a <see cref="SimulatedWorld"/>; it can be killed, stopped and started again.</summary>
public sealed class SimulatedNode(SimulatedWorld world, Action<KadNodeOptions>? configure)
{
    private readonly InMemoryNodeStateStore _states = new();
    private IReadOnlyList<KeyValuePair<NodeId, StoredValue>> _kept = [];
    private UdpEndpoint? _endpoint;

    [AllowNull]
    public KadNode Node { get; private set; }

    [AllowNull]
    public SimulatedTransport Transport { get; private set; }

    [AllowNull]
    internal InMemoryKeyStore Store { get; private set; }

    public NodeId Id => Node.Id;

    public Contact Contact => new(Id, Transport.Endpoint);

    /// <summary>Starts the node, at its former address and with its former state if it ran before.</summary>
    public async Task StartAsync()
    {
        var options = new KadNodeOptions();
        configure?.Invoke(options);
        Transport = _endpoint is null ? world.Network.Bind() : world.Network.Bind(_endpoint.Value);
        _endpoint = Transport.Endpoint;
        Store = new InMemoryKeyStore(options.Quota, world.Environment.CreateChecks());
        foreach (var (key, value) in _kept)
        {
            await Store.PutAsync(key, value, PutKind.Import);
        }

        _kept = [];
        Node = new KadNode(options, Transport, Store, _states, world.Environment);
        await Node.StartAsync();
    }

    public async Task StopAsync()
    {
        world.Nodes.Remove(this);
        await Node.DisposeAsync();
    }

    /// <summary>Stops the node and starts it again with the values that it had stored, as on a disk.</summary>
    public async Task RestartAsync()
    {
        _kept = await Store.ScanAsync(KeyRegion.Everywhere).ToListAsync();
        await StopAsync();
        await StartAsync();
        world.Nodes.Add(this);
    }

    public async Task KillAsync()
    {
        Transport.IsCutOff = true;
        await StopAsync();
    }
}
