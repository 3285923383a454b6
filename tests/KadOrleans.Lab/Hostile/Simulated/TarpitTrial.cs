namespace KadOrleans.Lab;

/// <summary>Peers that answer as late as they may. Honest nodes get a key that nobody has.</summary>
internal static class TarpitTrial
{
    private const int Honest = 80;
    private const int Gets = 20;

    private static readonly TimeSpan Late = TimeSpan.FromSeconds(4.7);

    /// <summary>Chains of peers around a key. All nodes know the first of each, and it names the next.</summary>
    public static TarpitResult Run(int seed, int chains, int length, TimeSpan delay) => Run(seed, (scene, key) =>
        scene.IntroduceAsync(Enumerable.Range(0, chains).Select(chain => AddChain(scene, key, chain * length, length, delay)).ToList()));

    /// <summary>One address pings a node from 20 new ports a second, and answers the node's own pings late.</summary>
    public static TarpitResult RunPoisoned(int seed) => Run(seed, async (scene, _) =>
    {
        for (var i = 0; i < 600; i++)
        {
            scene.PingAll(Add(scene, scene.RandomId(), AttackerAddresses.Of(AttackerSpread.OneHost, i), Late, next: null));
            await scene.PassAsync(0.05);
        }
    });

    private static TarpitResult Run(int seed, Func<Scene, NodeId, Task> attackAsync) => Scene.Run(seed, Honest, async scene =>
    {
        var key = scene.RandomId();
        var untouched = await LongestGetAsync(scene, key);
        await attackAsync(scene, key);
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

    private static async Task<TimeSpan> LongestGetAsync(Scene scene, NodeId key) =>
        (await scene.GetAsync(key, holders: 0, Gets)).Max(get => get.Time);
}

/// <summary>The longest get without the attack, and with it.</summary>
internal sealed record TarpitResult(TimeSpan Untouched, TimeSpan Longest);

/// <summary>Slow and silent peers sit around a key, answering pings so that they stay in all tables. Honest nodes get its value.</summary>
internal static class UnresponsiveTrial
{
    private const int Holders = 20;

    public static UnresponsiveResult Run(int seed, int slow, int silent, int gets) => Scene.Run(seed, honest: 100, async scene =>
    {
        var key = scene.RandomId();
        await scene.HoldAsync(key, Scene.Truth, Holders);
        await scene.IntroduceAsync(
        [
            .. scene.Bind(slow, AttackerSpread.ManyNetworks, transport =>
                new Tarpit(NearKey(), transport, scene.World.Clock, TimeSpan.FromSeconds(3), isPingLate: false)),
            .. scene.Bind(silent, AttackerSpread.ManyNetworks, transport => new CountingPeer(NearKey(), transport, PeerAnswers.Pings), slow),
        ]);
        var results = await scene.GetAsync(key, Holders, gets);
        return new UnresponsiveResult(
            results.Count(get => get.Result.Value == Scene.Truth),
            results.Max(get => get.Time),
            results.Max(get => get.Result.Lookup?.Asked ?? 0));

        NodeId NearKey() => key.RandomWithPrefix(8, scene.Random);
    });
}

/// <summary>Gets that found the value, how long the longest took, and the most contacts that one asked.</summary>
internal sealed record UnresponsiveResult(int Found, TimeSpan Longest, int MostAsked);
