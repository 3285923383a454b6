namespace KadOrleans.Lab;

/// <summary>
/// An attacker's contacts have ids beside a node's own, so that its k nearest contacts are all theirs. Hours later they store junk beside its
/// id, more than it may hold. It held values that honest networks had stored, near and far.
/// </summary>
internal static class ShrinkTrial
{
    public const int Near = 800;
    public const int Far = 300;

    private const int Honest = 160;
    private const int Quota = 2_000;
    private const int Junk = 3_000;

    public static ShrinkResult Run(int seed, int contacts) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(Honest, options => options.Quota = StoreQuota.OfTotal(Quota, 2_000_000));
        var victim = scene.World.PickNode();

        // So many lookups a node has made soon, whatever it does.
        for (var i = 0; i < 40; i++)
        {
            await victim.Node.FindNodeAsync(NodeId.Random(scene.Random));
        }

        var crowd = Enumerable.Range(0, contacts).Select(i => new Freezer(
            victim.Id.RandomWithPrefix(40, scene.Random), scene.World.Network.Bind(AttackerAddresses.Of(AttackerSpread.ManyNetworks, i)))).ToList();
        foreach (var attacker in crowd)
        {
            attacker.Ping(victim.Transport.Endpoint, scene.Random);
        }

        await scene.World.PassAsync(TimeSpan.FromHours(3));
        var near = await HoldAsync(Near, () => victim.Id.RandomWithPrefix(6, scene.Random));
        var far = await HoldAsync(Far, () => FarFrom(victim.Id, scene));
        for (var i = 0; i < Junk; i++)
        {
            crowd[i % crowd.Count].Store(
                victim.Transport.Endpoint, victim.Id.RandomWithPrefix(40, scene.Random), Scene.Lie, scene.Random);
            if (i % 10 == 0)
            {
                await scene.World.PassAsync(TimeSpan.FromMilliseconds(10));
            }
        }

        await scene.World.PassAsync(Scene.Settling);
        return new ShrinkResult(await CountAsync(near), await CountAsync(far));

        async Task<List<NodeId>> HoldAsync(int count, Func<NodeId> nextKey)
        {
            var now = scene.World.Clock.GetUtcNow();
            List<NodeId> keys = [];
            for (var i = 0; i < count; i++)
            {
                var source = SourceNetwork.Of(scene.World.Nodes[i % scene.World.Nodes.Count].Transport.Endpoint);
                keys.Add(nextKey());
                await victim.Store.PutAsync(keys[^1], new StoredValue(Scene.Truth, now, now + TimeSpan.FromDays(7), source));
            }

            return keys;
        }

        async Task<int> CountAsync(List<NodeId> keys)
        {
            var held = 0;
            foreach (var key in keys)
            {
                held += await victim.Store.GetAsync(key, scene.World.Clock.GetUtcNow()) is null ? 0 : 1;
            }

            return held;
        }
    });

    private static NodeId FarFrom(NodeId id, Scene scene)
    {
        var key = NodeId.Random(scene.Random);
        while (key.CommonPrefixLength(id) > 0)
        {
            key = NodeId.Random(scene.Random);
        }

        return key;
    }
}

/// <summary>What the node still holds of honest networks.</summary>
/// <param name="Near">Values of keys near its id, of 800.</param>
/// <param name="Far">Values of other keys, of 300.</param>
internal sealed record ShrinkResult(int Near, int Far);
