namespace KadOrleans.Lab;

/// <summary>A world of honest nodes, each in a public /24 of its own, to which attackers are added.</summary>
internal sealed class Scene(int seed)
{
    /// <summary>Longer than a ping with its retry waits, so that whoever pinged has been pinged back.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(8);

    public static readonly DhtValue Truth = DhtValue.FromString("TRUE");

    public static readonly DhtValue Lie = DhtValue.FromString("FALSE");

    public SimulatedWorld World { get; } = new(seed);

    public SeededRandomSource Random => World.Random;

    /// <summary>The first node.</summary>
    public SimulatedNode Victim => World.Nodes[0];

    /// <summary>Runs a trial on virtual time in a world of its own.</summary>
    public static T Run<T>(int seed, int honest, Func<Scene, Task<T>> trial, Action<KadNodeOptions>? configure = null)
    {
        var scene = new Scene(seed);
        return scene.World.Run(async () =>
        {
            await scene.StartHonestAsync(honest, configure);
            return await trial(scene);
        });
    }

    public Task StartHonestAsync(int count, Action<KadNodeOptions>? configure = null) => World.StartNetworkAsync(count, options =>
    {
        // Walks would cost more than all else, and change nothing of what is judged here.
        options.RandomWalk = new RandomWalkOptions { AutoRefresh = false };
        configure?.Invoke(options);
    });

    public NodeId RandomId() => NodeId.Random(Random);

    public List<NodeId> RandomIds(int count) => [.. Enumerable.Range(0, count).Select(_ => RandomId())];

    public Task PassAsync(double seconds) => World.PassAsync(TimeSpan.FromSeconds(seconds));

    public Task SettleAsync() => World.PassAsync(Settling);

    /// <summary>Attackers at endpoints of their own, from the first of a spread on.</summary>
    public List<T> Bind<T>(int count, AttackerSpread spread, Func<SimulatedTransport, T> create, int first = 0) =>
        [.. Enumerable.Range(first, count).Select(i => create(World.Network.Bind(AttackerAddresses.Of(spread, i))))];

    public IReadOnlyList<SimulatedNode> Nearest(NodeId key, int count) =>
        [.. World.Nodes.OrderBy(node => node.Id.DistanceTo(key)).Take(count)];

    /// <summary>Puts a value into the stores of the honest nodes nearest to its key, as if it had been set a while ago.</summary>
    public async Task HoldAsync(NodeId key, DhtValue value, int holders)
    {
        foreach (var node in Nearest(key, holders))
        {
            await PutAsync(node, key, value);
        }
    }

    /// <summary>Puts a value into a node's store, as if a source had just stored it.</summary>
    public async Task PutAsync(SimulatedNode node, NodeId key, DhtValue value, SourceNetwork source = default)
    {
        var now = World.Clock.GetUtcNow();
        await node.Store.PutAsync(key, new StoredValue(value, now, now + TimeSpan.FromDays(7), source));
    }

    public ValueTask<StoredValue?> HeldAsync(SimulatedNode node, NodeId key) => node.Store.GetAsync(key, World.Clock.GetUtcNow());

    /// <summary>How many of the keys a node holds this value of.</summary>
    public async Task<int> CountAsync(SimulatedNode node, IEnumerable<NodeId> keys, DhtValue value)
    {
        var count = 0;
        foreach (var key in keys)
        {
            count += (await HeldAsync(node, key))?.Value == value ? 1 : 0;
        }

        return count;
    }

    /// <summary>Nodes that do not hold a value get it from the network. Returns each result and how long it took.</summary>
    public async Task<List<(GetResult Result, TimeSpan Time)>> GetAsync(NodeId key, int holders, int gets)
    {
        // Whoever holds a copy by now would answer itself; the engine asks the network.
        var askers = World.Nodes.Except(Nearest(key, holders)).ToList();
        var results = new List<(GetResult, TimeSpan)>();
        for (var i = 0; i < gets; i++)
        {
            var begin = World.Clock.Elapsed;
            var result = await askers[i % askers.Count].Node.Engine.GetFromContactsAsync(key);
            results.Add((result, World.Clock.Elapsed - begin));
        }

        return results;
    }

    /// <summary>An honest peer that answers pings, in a /24 of its own.</summary>
    public CountingPeer AddHonestPeer() => new(RandomId(), World.Network.Bind(), PeerAnswers.Pings);

    public async Task IntroduceAsync(IEnumerable<ScriptedPeer> peers)
    {
        foreach (var peer in peers)
        {
            PingAll(peer);
        }

        await SettleAsync();
    }

    public void PingAll(ScriptedPeer peer)
    {
        foreach (var node in World.Nodes)
        {
            peer.Ping(node.Transport.Endpoint, Random);
        }
    }

    /// <summary>STOREs from an honest peer, one after another; how many were answered with true.</summary>
    public async Task<int> StoreAsync(CountingPeer peer, UdpEndpoint node, IEnumerable<NodeId> keys)
    {
        var before = peer.Stored;
        foreach (var key in keys)
        {
            peer.Store(node, key, Truth, Random);
            await PassAsync(0.2);
        }

        await SettleAsync();
        return peer.Stored - before;
    }
}
