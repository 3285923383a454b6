using KadOrleans.Core;
using KadOrleans.Simulation.Attackers;

namespace KadOrleans.Hostile.Simulated;

/// <summary>
/// A network comes to a node with a new id each 30 s, from one endpoint or from another host each time. Its ids are beside the node's own.
/// </summary>
internal static class HandOffTrial
{
    public const int Held = 100;

    private const int Newcomers = 60;

    /// <returns>STOREs that the node sent them.</returns>
    public static int Run(int seed, bool isOneEndpoint)
    {
        var scene = new Scene(seed);
        return scene.World.Run(async () =>
        {
            await scene.StartHonestAsync(1);
            var victim = scene.World.Nodes[0];
            for (var i = 0; i < Held; i++)
            {
                await scene.HoldAsync(NodeId.Random(scene.Random), Scene.Truth, holders: 1);
            }

            var stores = 0;
            for (var i = 0; i < Newcomers; i++)
            {
                var endpoint = AttackerAddresses.Of(AttackerSpread.OneSubnet, isOneEndpoint ? 0 : i);
                await using var transport = scene.World.Network.Bind(endpoint);
                var newcomer = new Sybil(victim.Id.RandomWithPrefix(20, scene.Random), transport, []);
                newcomer.Ping(victim.Transport.Endpoint, scene.Random);
                await scene.World.PassAsync(TimeSpan.FromSeconds(30));
                stores += newcomer.Stores;
            }

            return stores;
        });
    }
}
