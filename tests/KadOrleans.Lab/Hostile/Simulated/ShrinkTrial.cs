namespace KadOrleans.Lab;

/// <summary>
/// An attacker's contacts have ids beside a node's own, so that its k nearest contacts are all theirs. Hours later they store junk beside its
/// id, more than it may hold. It held values that honest networks had stored, near and far.
/// </summary>
internal static class ShrinkTrial
{
    public const int Near = 800;
    public const int Far = 300;

    private const int Quota = 2_000;
    private const int Junk = 3_000;

    public static ShrinkResult Run(int seed, int contacts) => Scene.Run(
        seed, honest: 160, scene => RunAsync(scene, contacts), options => options.Quota = StoreQuota.OfTotal(Quota, 2_000_000));

    private static async Task<ShrinkResult> RunAsync(Scene scene, int contacts)
    {
        var victim = scene.World.PickNode();

        // So many lookups a node has made soon, whatever it does.
        for (var i = 0; i < 40; i++)
        {
            await victim.Node.FindNodeAsync(scene.RandomId());
        }

        var crowd = scene.Bind(
            contacts, AttackerSpread.ManyNetworks, transport => new CountingPeer(victim.Id.RandomWithPrefix(40, scene.Random), transport));
        crowd.ForEach(attacker => attacker.Ping(victim.Transport.Endpoint, scene.Random));
        await scene.World.PassAsync(TimeSpan.FromHours(3));
        var near = await HoldAsync(Near, () => victim.Id.RandomWithPrefix(6, scene.Random));
        var far = await HoldAsync(Far, () => victim.Id.WithBit(0, !victim.Id.GetBit(0)).RandomWithPrefix(1, scene.Random));
        for (var i = 0; i < Junk; i++)
        {
            crowd[i % crowd.Count].Store(victim.Transport.Endpoint, victim.Id.RandomWithPrefix(40, scene.Random), Scene.Lie, scene.Random);
            if (i % 10 == 0)
            {
                await scene.PassAsync(0.01);
            }
        }

        await scene.SettleAsync();
        return new ShrinkResult(await scene.CountAsync(victim, near, Scene.Truth), await scene.CountAsync(victim, far, Scene.Truth));

        async Task<List<NodeId>> HoldAsync(int count, Func<NodeId> nextKey)
        {
            List<NodeId> keys = [];
            for (var i = 0; i < count; i++)
            {
                keys.Add(nextKey());
                await scene.PutAsync(
                    victim, keys[i], Scene.Truth, SourceNetwork.Of(scene.World.Nodes[i % scene.World.Nodes.Count].Transport.Endpoint));
            }

            return keys;
        }
    }
}

/// <summary>What the node still holds of honest networks: of 800 values of keys near its id, and of 300 of other keys.</summary>
internal sealed record ShrinkResult(int Near, int Far);
