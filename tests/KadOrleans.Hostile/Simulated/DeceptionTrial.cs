using KadOrleans.Core;
using KadOrleans.Simulation.Attackers;

namespace KadOrleans.Hostile.Simulated;

/// <summary>
/// A hundred honest nodes, of which the 20 nearest to a key hold its value. Liars with ids nearer to the key than all of
/// them give another value. Nodes that hold nothing get the key.
/// </summary>
internal static class DeceptionTrial
{
    private const int Honest = 100;
    private const int Holders = 20;

    /// <summary>A liar shares this many bits with the key, so that it is nearer than any of a hundred honest nodes.</summary>
    private const int SharedBits = 14;

    public static DeceptionResult Run(int seed, int liars, AttackerSpread spread, int gets)
    {
        var scene = new Scene(seed);
        return scene.World.Run(async () =>
        {
            await scene.StartHonestAsync(Honest);
            var key = NodeId.Random(scene.Random);
            await scene.HoldAsync(key, Scene.Truth, Holders);
            await scene.IntroduceAsync(Liars(scene, key, liars, spread, secondsLeft: null));
            return await GetAsync(scene, key, gets);
        });
    }

    /// <summary>Liars about one key, each naming all.</summary>
    public static IReadOnlyList<ValueLiar> Liars(
        Scene scene, NodeId key, int count, AttackerSpread spread, uint? secondsLeft)
    {
        var contacts = new List<Contact>();
        var liars = new List<ValueLiar>();
        for (var i = 0; i < count; i++)
        {
            var transport = scene.World.Network.Bind(AttackerAddresses.Of(spread, i));
            var liar = new ValueLiar(
                key.RandomWithPrefix(SharedBits, scene.Random), transport, key, Scene.Lie, secondsLeft, contacts);
            contacts.Add(liar.Contact);
            liars.Add(liar);
        }

        return liars;
    }

    private static async Task<DeceptionResult> GetAsync(Scene scene, NodeId key, int gets)
    {
        var askers = scene.World.Nodes.Except(scene.Nearest(key, Holders)).ToList();
        var (deceived, missed, requests) = (0, 0, 0L);
        for (var i = 0; i < gets; i++)
        {
            // Whoever holds a copy by now would answer itself; the engine asks the network.
            var result = await askers[i % askers.Count].Node.Engine.GetFromContactsAsync(key);
            deceived += result.Value == Scene.Lie ? 1 : 0;
            missed += result.Found ? 0 : 1;
            requests += result.Lookup?.Asked ?? 0;
        }

        return new DeceptionResult(gets, deceived, missed, requests / (double)gets);
    }
}

/// <summary>What gets returned.</summary>
/// <param name="Gets">How many there were.</param>
/// <param name="Deceived">Those that returned the lie.</param>
/// <param name="Missed">Those that returned nothing.</param>
/// <param name="Requests">Contacts asked for each, on average.</param>
internal sealed record DeceptionResult(int Gets, int Deceived, int Missed, double Requests);
