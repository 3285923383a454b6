namespace KadOrleans.Lab;

/// <summary>A world of honest nodes, each in a public /24 of its own, to which attackers are added.</summary>
internal sealed class Scene(int seed)
{
    /// <summary>Longer than a ping with its retry waits, so that whoever pinged has been pinged back.</summary>
    public static readonly TimeSpan Settling = TimeSpan.FromSeconds(8);

    public static readonly DhtValue Truth = DhtValue.FromString("TRUE");

    public static readonly DhtValue Lie = DhtValue.FromString("FALSE");

    public SimulatedWorld World { get; } = new(seed);

    /// <summary>Runs a trial on virtual time in a world of its own.</summary>
    public static T Run<T>(int seed, Func<Scene, Task<T>> trial)
    {
        var scene = new Scene(seed);
        return scene.World.Run(() => trial(scene));
    }

    public SeededRandomSource Random => World.Random;

    public Task StartHonestAsync(int count, Action<KadNodeOptions>? configure = null) =>
        World.StartNetworkAsync(count, options =>
        {
            // Walks would cost more than all else, and change nothing of what is judged here.
            options.RandomWalk = new RandomWalkOptions { AutoRefresh = false };
            configure?.Invoke(options);
        });

    public IReadOnlyList<SimulatedNode> Nearest(NodeId key, int count) =>
        [.. World.Nodes.OrderBy(node => node.Id.DistanceTo(key)).Take(count)];

    /// <summary>Puts a value into the stores of the honest nodes nearest to its key, as if it had been set a while ago.</summary>
    public async Task HoldAsync(NodeId key, DhtValue value, int holders)
    {
        var now = World.Clock.GetUtcNow();
        foreach (var node in Nearest(key, holders))
        {
            await node.Store.PutAsync(key, new StoredValue(value, now, now + TimeSpan.FromDays(7), default));
        }
    }

    /// <summary>An honest peer that answers pings, in a /24 of its own.</summary>
    public RawPeer AddHonestPeer()
    {
        var peer = World.AddPeer();
        peer.OnRequest = peer.AnswerPings;
        return peer;
    }

    public async Task IntroduceAsync(IReadOnlyList<AttackerPeer> peers)
    {
        foreach (var peer in peers)
        {
            foreach (var node in World.Nodes)
            {
                peer.Ping(node.Transport.Endpoint, Random);
            }
        }

        await World.PassAsync(Settling);
    }

    /// <summary>STOREs from an honest peer, one after another; how many were answered with true.</summary>
    public async Task<int> StoreAsync(RawPeer peer, UdpEndpoint node, int count, Func<NodeId> nextKey)
    {
        var before = Acknowledged(peer);
        for (var i = 0; i < count; i++)
        {
            peer.Store(node, MessageId.Random(Random), new StoreRequest(peer.Id, nextKey(), Truth));
            await World.PassAsync(TimeSpan.FromMilliseconds(200));
        }

        await World.PassAsync(Settling);
        return Acknowledged(peer) - before;
    }

    private static int Acknowledged(RawPeer peer) => peer.Responses.Count(response =>
        Datagram.TryReadHeader(response, out _, out _, out var body, out _)
        && ResponseReader.TryReadStored(body, out var stored)
        && stored);
}
