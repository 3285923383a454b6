namespace KadOrleans.Lab;

/// <summary>Peers that answer as late as they may. Honest nodes get a key that nobody has.</summary>
internal static class TarpitTrial
{
    private const int Honest = 80;
    private const int Gets = 20;

    private static readonly TimeSpan Late = TimeSpan.FromSeconds(4.7);

    /// <summary>Chains of peers around a key. All nodes know the first of each, and it names the next.</summary>
    public static TarpitResult Run(int seed, int chains, int length, TimeSpan delay) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(Honest);
        var key = NodeId.Random(scene.Random);
        var untouched = await LongestGetAsync(scene, key);
        await scene.IntroduceAsync([.. Enumerable.Range(0, chains).Select(chain => AddChain(scene, key, chain * length, length, delay))]);
        return new TarpitResult(untouched, await LongestGetAsync(scene, key));
    });

    /// <summary>One address pings a node from 20 new ports a second, and answers the node's own pings late.</summary>
    public static TarpitResult RunPoisoned(int seed) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(Honest);
        var key = NodeId.Random(scene.Random);
        var untouched = await LongestGetAsync(scene, key);
        for (var i = 0; i < 600; i++)
        {
            var peer = Add(scene, NodeId.Random(scene.Random), AttackerAddresses.Of(AttackerSpread.OneHost, i), Late, next: null);
            foreach (var node in scene.World.Nodes)
            {
                peer.Ping(node.Transport.Endpoint, scene.Random);
            }

            await scene.World.PassAsync(TimeSpan.FromMilliseconds(50));
        }

        return new TarpitResult(untouched, await LongestGetAsync(scene, key));
    });

    private static Tarpit AddChain(Scene scene, NodeId key, int first, int length, TimeSpan delay)
    {
        Tarpit? named = null;
        for (var i = length - 1; i >= 0; i--)
        {
            // The later in the chain, the nearer.
            var id = key.RandomWithPrefix(10 + i, scene.Random);
            named = Add(scene, id, AttackerAddresses.Of(AttackerSpread.ManyNetworks, first + i), delay, named?.Contact);
        }

        return named!;
    }

    private static Tarpit Add(Scene scene, NodeId id, UdpEndpoint endpoint, TimeSpan delay, Contact? next) =>
        new(id, scene.World.Network.Bind(endpoint), scene.World.Clock, delay, next);

    private static async Task<TimeSpan> LongestGetAsync(Scene scene, NodeId key)
    {
        var longest = TimeSpan.Zero;
        for (var i = 0; i < Gets; i++)
        {
            var begin = scene.World.Clock.Elapsed;
            await scene.World.Nodes[i].Node.Engine.GetFromContactsAsync(key);
            var took = scene.World.Clock.Elapsed - begin;
            longest = took > longest ? took : longest;
        }

        return longest;
    }
}

/// <summary>The longest get without the attack, and with it.</summary>
internal sealed record TarpitResult(TimeSpan Untouched, TimeSpan Longest);

/// <summary>Slow and silent peers sit around a key, answering pings so that they stay in all tables. Honest nodes get its value.</summary>
internal static class UnresponsiveTrial
{
    private const int Honest = 100;
    private const int Holders = 20;

    public static UnresponsiveResult Run(int seed, int slow, int silent, int gets) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(Honest);
        var key = NodeId.Random(scene.Random);
        await scene.HoldAsync(key, Scene.Truth, Holders);
        await scene.IntroduceAsync([.. Enumerable.Range(0, slow + silent).Select(i => Add(scene, key, i, i < slow))]);
        var askers = scene.World.Nodes.Except(scene.Nearest(key, Holders)).ToList();
        var (found, longest, most) = (0, TimeSpan.Zero, 0);
        for (var i = 0; i < gets; i++)
        {
            var begin = scene.World.Clock.Elapsed;
            var result = await askers[i % askers.Count].Node.Engine.GetFromContactsAsync(key);
            found += result.Value == Scene.Truth ? 1 : 0;
            longest = TimeSpan.FromTicks(Math.Max(longest.Ticks, (scene.World.Clock.Elapsed - begin).Ticks));
            most = Math.Max(most, result.Lookup?.Asked ?? 0);
        }

        return new UnresponsiveResult(found, longest, most);
    });

    private static AttackerPeer Add(Scene scene, NodeId key, int index, bool isSlow)
    {
        var id = key.RandomWithPrefix(8, scene.Random);
        var transport = scene.World.Network.Bind(AttackerAddresses.Of(AttackerSpread.ManyNetworks, index));
        return isSlow
            ? new Tarpit(id, transport, scene.World.Clock, TimeSpan.FromSeconds(3), isPingLate: false)
            : new SilentPeer(id, transport, answersPings: true);
    }
}

/// <summary>Gets that found the value, how long the longest took, and the most contacts that one asked.</summary>
internal sealed record UnresponsiveResult(int Found, TimeSpan Longest, int MostAsked);
