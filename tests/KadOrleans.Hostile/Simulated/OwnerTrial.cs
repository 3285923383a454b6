using KadOrleans.Core;
using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Simulation.Attackers;

namespace KadOrleans.Hostile.Simulated;

/// <summary>
/// Five networks overwrite an owner's values at a node, as many each as they may. Neighbours of the owner overwrite values of others, until
/// its /24 may change none. Then the owner stores its values again.
/// </summary>
internal static class OwnerTrial
{
    public const int Keys = 100;

    // The default's proportions: a subnet may change what four sources may.
    private const int Changes = 20;
    private const int Neighbours = 4;

    public static OwnerResult Run(int seed)
    {
        var scene = new Scene(seed);
        return scene.World.Run(async () =>
        {
            await scene.StartHonestAsync(1, options => options.Quota = new StoreQuota
            {
                ChangesPerSource = Changes,
                ChangesPerSubnet = Neighbours * Changes,
            });
            var victim = scene.World.Nodes[0];
            var owner = scene.AddHonestPeer();
            var keys = RandomKeys(Keys);
            await StoreOwnAsync();
            await OverwriteAsync(keys, [.. Enumerable.Range(0, Keys / Changes).Select(i => AttackerAddresses.Of(AttackerSpread.ManyNetworks, i))]);
            var overwritten = await CountAsync(Scene.Lie);

            var others = RandomKeys(2 * Neighbours * Changes);
            foreach (var key in others)
            {
                var now = scene.World.Clock.GetUtcNow();
                var source = SourceNetwork.Of(AttackerAddresses.Of(AttackerSpread.ManyNetworks, Keys));
                await victim.Store.PutAsync(key, new StoredValue(Scene.Truth, now, now + TimeSpan.FromDays(7), source));
            }

            await OverwriteAsync(others, [.. Enumerable.Range(1, Neighbours).Select(i =>
                UdpEndpoint.FromIPv4((uint)owner.Endpoint.AddressLow + (uint)i, owner.Endpoint.Port))]);
            await StoreOwnAsync();
            return new OwnerResult(overwritten, await CountAsync(Scene.Truth));

            List<NodeId> RandomKeys(int count) => [.. Enumerable.Range(0, count).Select(_ => NodeId.Random(scene.Random))];

            Task StoreOwnAsync()
            {
                var next = 0;
                return scene.StoreAsync(owner, victim.Transport.Endpoint, Keys, () => keys[next++]);
            }

            async Task OverwriteAsync(List<NodeId> targets, List<UdpEndpoint> sources)
            {
                var gang = sources.ConvertAll(source => new Freezer(NodeId.Random(scene.Random), scene.World.Network.Bind(source)));
                await scene.IntroduceAsync(gang);
                for (var i = 0; i < targets.Count; i++)
                {
                    gang[i % gang.Count].Store(victim.Transport.Endpoint, targets[i], Scene.Lie, scene.Random);
                    await scene.World.PassAsync(TimeSpan.FromMilliseconds(10));
                }

                await scene.World.PassAsync(Scene.Settling);
            }

            async Task<int> CountAsync(DhtValue value)
            {
                var count = 0;
                foreach (var key in keys)
                {
                    count += (await victim.Store.GetAsync(key, scene.World.Clock.GetUtcNow()))?.Value == value ? 1 : 0;
                }

                return count;
            }
        });
    }
}

/// <summary>The owner's values that others overwrote, of 100, and those that are the owner's again in the end.</summary>
internal sealed record OwnerResult(int Overwritten, int Restored);
