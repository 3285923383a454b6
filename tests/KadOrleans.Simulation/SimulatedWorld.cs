using KadOrleans.Node;

namespace KadOrleans.Simulation;

/// <summary>
/// Real nodes on a simulated network, on virtual time and one thread: the same seed gives the same run.
/// </summary>
public sealed class SimulatedWorld
{
    private readonly VirtualThread _thread = new();

    /// <summary>A world without nodes.</summary>
    /// <param name="seed">Decides everything that is left to chance.</param>
    /// <param name="conditions">How its network treats datagrams.</param>
    public SimulatedWorld(int seed, NetworkConditions? conditions = null)
    {
        Seed = seed;
        Random = new SeededRandomSource(seed);
        Network = new SimulatedNetwork(Clock, Random, conditions ?? new NetworkConditions());
    }

    /// <summary>What decides everything that is left to chance.</summary>
    public int Seed { get; }

    /// <summary>Its time.</summary>
    public ManualTimeProvider Clock { get; } = new();

    /// <summary>Its chance.</summary>
    public SeededRandomSource Random { get; }

    /// <summary>What connects its nodes.</summary>
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

    /// <summary>A node picked by the seed.</summary>
    public SimulatedNode PickNode() => Nodes[Random.Next(Nodes.Count)];

    /// <summary>The clock and randomness of this world, for nodes that are made outside it.</summary>
    public NodeEnvironment Environment => new() { Time = Clock, Random = Random };
}
