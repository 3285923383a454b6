using KadOrleans.Core;
using KadOrleans.Node;

namespace KadOrleans.Testing.Simulation;

/// <summary>
/// Real nodes on a simulated network, on virtual time and one thread: the same seed gives the same run.
/// </summary>
public sealed class SimulatedWorld
{
    private readonly VirtualThread _thread = new();

    public SimulatedWorld(int seed, NetworkConditions? conditions = null)
    {
        Seed = seed;
        Random = new SeededRandomSource(seed);
        Network = new SimulatedNetwork(Clock, Random, conditions ?? new NetworkConditions());
    }

    public int Seed { get; }

    public ManualTimeProvider Clock { get; } = new();

    public SeededRandomSource Random { get; }

    public SimulatedNetwork Network { get; }

    /// <summary>Every node that was created and not removed.</summary>
    public IList<SimulatedNode> Nodes { get; } = [];

    /// <summary>Runs an async scenario to its end on virtual time.</summary>
    public T Run<T>(Func<Task<T>> scenario) => _thread.Run(Clock, scenario);

    /// <inheritdoc cref="Run{T}(Func{Task{T}})"/>
    public void Run(Func<Task> scenario) => _thread.Run(Clock, async () =>
    {
        await scenario();
        return true;
    });

    /// <summary>Lets virtual time pass.</summary>
    public Task PassAsync(TimeSpan time) => Task.Delay(time, Clock);

    /// <summary>Starts a node that does not know anybody.</summary>
    public async Task<SimulatedNode> StartNodeAsync(Action<KadNodeOptions>? configure = null)
    {
        var node = new SimulatedNode(this, configure);
        await node.StartAsync();
        Nodes.Add(node);
        return node;
    }

    /// <summary>Starts nodes one after another, each joining through an earlier one.</summary>
    public async Task StartNetworkAsync(int count, Action<KadNodeOptions>? configure = null)
    {
        for (var i = 0; i < count; i++)
        {
            var bootstrap = Nodes.Count == 0 ? null : Nodes[Random.Next(Nodes.Count)];
            var node = await StartNodeAsync(configure);
            if (bootstrap is not null)
            {
                await node.Node.BootstrapAsync([bootstrap.Transport.Endpoint.ToString()]);
            }
        }
    }

    /// <summary>Adds a peer that a test plays itself.</summary>
    public RawPeer AddPeer() => new(Network.Bind(), NodeId.Random(Random));

    /// <summary>A node picked by the seed.</summary>
    public SimulatedNode PickNode() => Nodes[Random.Next(Nodes.Count)];

    /// <summary>The clock and randomness of this world, for nodes that a test makes itself.</summary>
    public NodeEnvironment Environment => new() { Time = Clock, Random = Random };
}
