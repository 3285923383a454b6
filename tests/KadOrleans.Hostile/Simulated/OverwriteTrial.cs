using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Simulation.Attackers;

namespace KadOrleans.Hostile.Simulated;

/// <summary>STOREs under forged sources, which nobody at those addresses has sent.</summary>
internal static class OverwriteTrial
{
    /// <summary>One forged STORE of a held key; what the node holds afterwards.</summary>
    public static DhtValue? Overwrite(int seed)
    {
        var scene = new Scene(seed);
        return scene.World.Run(async () =>
        {
            await scene.StartHonestAsync(1);
            var victim = scene.World.Nodes[0];
            var key = NodeId.Random(scene.Random);
            await scene.StoreAsync(scene.AddHonestPeer(), victim.Transport.Endpoint, 1, () => key);
            scene.World.Network.Forge(
                new ForgedRequests(scene.Random).Store(key, Scene.Lie),
                AttackerAddresses.Forged(scene.Random),
                victim.Transport.Endpoint);
            await scene.World.PassAsync(Scene.Settling);
            return (await victim.Store.GetAsync(key, scene.World.Clock.GetUtcNow()))?.Value;
        });
    }

    /// <summary>
    /// Uses a peer's quota up under its address before that peer has ever sent anything; how many of its own 20 STOREs are
    /// accepted then.
    /// </summary>
    public static int UseUpQuota(int seed)
    {
        var scene = new Scene(seed);
        return scene.World.Run(async () =>
        {
            const int quota = 100;
            await scene.StartHonestAsync(1, options => options.Quota = new StoreQuota { KeysPerSource = quota });
            var victim = scene.World.Nodes[0].Transport.Endpoint;
            var peer = scene.AddHonestPeer();
            var answer = peer.OnRequest;
            peer.OnRequest = null;
            var forged = new ForgedRequests(scene.Random);
            for (var i = 0; i < 2 * quota; i++)
            {
                scene.World.Network.Forge(
                    forged.Store(NodeId.Random(scene.Random), Scene.Lie), peer.Endpoint, victim);
            }

            await scene.World.PassAsync(TimeSpan.FromMinutes(1));
            peer.OnRequest = answer;
            return await scene.StoreAsync(peer, victim, 20, () => NodeId.Random(scene.Random));
        });
    }
}
