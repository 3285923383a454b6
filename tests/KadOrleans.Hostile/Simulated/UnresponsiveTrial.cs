using KadOrleans.Core;
using KadOrleans.Simulation.Attackers;

namespace KadOrleans.Hostile.Simulated;

/// <summary>Slow and silent peers sit around a key, answering pings so that they stay in all tables. Honest nodes get its value.</summary>
internal static class UnresponsiveTrial
{
    private const int Honest = 100;
    private const int Holders = 20;

    public static UnresponsiveResult Run(int seed, int slow, int silent, int gets)
    {
        var scene = new Scene(seed);
        return scene.World.Run(async () =>
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
    }

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
