namespace KadOrleans.Lab;

/// <summary>STOREs under forged sources, which nobody at those addresses has sent.</summary>
internal static class OverwriteTrial
{
    public static DhtValue? Overwrite(int seed) => Scene.Run(seed, honest: 1, async scene =>
    {
        var victim = scene.Victim.Transport.Endpoint;
        var key = scene.RandomId();
        await scene.StoreAsync(scene.AddHonestPeer(), victim, [key]);
        scene.World.Network.Forge(new ForgedRequests(scene.Random).Store(key, Scene.Lie), AttackerAddresses.Forged(scene.Random), victim);
        await scene.SettleAsync();
        return (await scene.HeldAsync(scene.Victim, key))?.Value;
    });

    /// <summary>
    /// Uses a peer's quota up under its address before that peer has ever sent anything; how many of its own 20 STOREs are
    /// accepted then.
    /// </summary>
    public static int UseUpQuota(int seed)
    {
        const int quota = 100;
        return Scene.Run(
            seed,
            honest: 1,
            async scene =>
            {
                var victim = scene.Victim.Transport.Endpoint;
                var peer = scene.AddHonestPeer();
                peer.Answers = PeerAnswers.None;
                var forged = new ForgedRequests(scene.Random);
                foreach (var key in scene.RandomIds(2 * quota))
                {
                    scene.World.Network.Forge(forged.Store(key, Scene.Lie), peer.Endpoint, victim);
                }

                await scene.PassAsync(60);
                peer.Answers = PeerAnswers.Pings;
                return await scene.StoreAsync(peer, victim, scene.RandomIds(20));
            },
            options => options.Quota = new StoreQuota { KeysPerSource = quota });
    }
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

    public static OwnerResult Run(int seed) => Scene.Run(
        seed,
        honest: 1,
        async scene =>
        {
            var victim = scene.Victim;
            var owner = scene.AddHonestPeer();
            var keys = scene.RandomIds(Keys);
            await scene.StoreAsync(owner, victim.Transport.Endpoint, keys);
            await OverwriteAsync(scene, keys, Enumerable.Range(0, Keys / Changes).Select(i => AttackerAddresses.Of(AttackerSpread.ManyNetworks, i)));
            var overwritten = await scene.CountAsync(victim, keys, Scene.Lie);

            var others = scene.RandomIds(2 * Neighbours * Changes);
            foreach (var key in others)
            {
                await scene.PutAsync(victim, key, Scene.Truth, SourceNetwork.Of(AttackerAddresses.Of(AttackerSpread.ManyNetworks, Keys)));
            }

            await OverwriteAsync(scene, others, Enumerable.Range(1, Neighbours).Select(i =>
                UdpEndpoint.FromIPv4((uint)owner.Endpoint.AddressLow + (uint)i, owner.Endpoint.Port)));
            await scene.StoreAsync(owner, victim.Transport.Endpoint, keys);
            return new OwnerResult(overwritten, await scene.CountAsync(victim, keys, Scene.Truth));
        },
        options => options.Quota = new StoreQuota { ChangesPerSource = Changes, ChangesPerSubnet = Neighbours * Changes });

    private static async Task OverwriteAsync(Scene scene, List<NodeId> targets, IEnumerable<UdpEndpoint> sources)
    {
        var gang = sources.Select(source => new CountingPeer(scene.RandomId(), scene.World.Network.Bind(source))).ToList();
        await scene.IntroduceAsync(gang);
        for (var i = 0; i < targets.Count; i++)
        {
            gang[i % gang.Count].Store(scene.Victim.Transport.Endpoint, targets[i], Scene.Lie, scene.Random);
            await scene.PassAsync(0.01);
        }

        await scene.SettleAsync();
    }
}

/// <summary>The owner's values that others overwrote, of 100, and those that are the owner's again in the end.</summary>
internal sealed record OwnerResult(int Overwritten, int Restored);
