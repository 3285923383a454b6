namespace KadOrleans.Lab;

/// <summary>
/// A filler sends a node more keys than it may hold. Then an honest peer of another network stores keys, and the node
/// publishes some of its own. The node's quota is a small one in the proportions of the default.
/// </summary>
internal static class FillTrial
{
    public const int Quota = 2_000;

    private const int Honest = 40;
    private const int HonestStores = 100;
    private const int PerSecond = 1_000;

    public static FillResult Run(int seed, AttackerSpread spread, int sources, bool answersPings) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(Honest, options => options.Quota = new StoreQuota
        {
            TotalKeys = Quota,
            TotalBytes = 2_000_000,
            KeysPerSource = Quota / 10,
            BytesPerSource = 200_000,
            KeysPerSubnet = Quota / 5,
            BytesPerSubnet = 400_000,
        });
        var victim = scene.World.PickNode();
        var peer = scene.AddHonestPeer();

        // Beside the node's own id: it is among the k nearest to these keys.
        NodeId NearKey() => victim.Id.RandomWithPrefix(8, scene.Random);
        var held = NearKey();
        await scene.StoreAsync(peer, victim.Transport.Endpoint, 1, () => held);

        var filler = new Filler(scene.World, spread, sources, answersPings);
        await filler.FillAsync(victim.Transport.Endpoint, 2 * Quota, PerSecond, DhtValue.FromBoolean(true));
        var afterFill = (int)(await victim.Store.GetUsageAsync()).Keys;

        var accepted = await scene.StoreAsync(peer, victim.Transport.Endpoint, HonestStores, NearKey);
        var own = await victim.Node.SetAsync(NearKey(), Scene.Truth);
        var still = await victim.Store.GetAsync(held, scene.World.Clock.GetUtcNow());
        return new FillResult(
            filler.Accepted, afterFill, HonestStores, accepted, own.Local == StoreResult.Stored, still?.Value == Scene.Truth);
    });
}

/// <summary>What a filled node does for honest peers.</summary>
/// <param name="FillerAccepted">STOREs of the filler that were acknowledged.</param>
/// <param name="KeysAfterFill">Keys held after the fill.</param>
/// <param name="HonestSent">STOREs of the honest peer after it.</param>
/// <param name="HonestAccepted">Those of them that were acknowledged.</param>
/// <param name="OwnAccepted">Whether the node keeps what it sets itself.</param>
/// <param name="HeldBefore">Whether it still holds what the honest peer had stored before.</param>
internal sealed record FillResult(
    int FillerAccepted, int KeysAfterFill, int HonestSent, int HonestAccepted, bool OwnAccepted, bool HeldBefore);
