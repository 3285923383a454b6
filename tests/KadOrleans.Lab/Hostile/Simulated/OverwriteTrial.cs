namespace KadOrleans.Lab;

/// <summary>STOREs under forged sources, which nobody at those addresses has sent.</summary>
internal static class OverwriteTrial
{
    public static DhtValue? Overwrite(int seed) => Scene.Run(seed, async scene =>
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

    /// <summary>
    /// Uses a peer's quota up under its address before that peer has ever sent anything; how many of its own 20 STOREs are
    /// accepted then.
    /// </summary>
    public static int UseUpQuota(int seed) => Scene.Run(seed, async scene =>
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

    public static OwnerResult Run(int seed) => Scene.Run(seed, async scene =>
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

/// <summary>The owner's values that others overwrote, of 100, and those that are the owner's again in the end.</summary>
internal sealed record OwnerResult(int Overwritten, int Restored);
