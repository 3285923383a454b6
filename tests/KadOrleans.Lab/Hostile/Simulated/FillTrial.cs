namespace KadOrleans.Lab;

/// <summary>
/// A filler sends a node more keys than it may hold. Then an honest peer of another network stores keys, and the node
/// publishes some of its own. The node's quota is a small one in the proportions of the default.
/// </summary>
internal static class FillTrial
{
    public const int Quota = 2_000;

    private const int HonestStores = 100;
    private const int PerSecond = 1_000;

    public static FillResult Run(int seed, AttackerSpread spread, int sources, bool answersPings) => Scene.Run(
        seed,
        honest: 40,
        async scene =>
        {
            var victim = scene.World.PickNode();
            var peer = scene.AddHonestPeer();

            // Beside the node's own id: it is among the k nearest to these keys.
            NodeId NearKey() => victim.Id.RandomWithPrefix(8, scene.Random);
            var held = NearKey();
            await scene.StoreAsync(peer, victim.Transport.Endpoint, [held]);

            // Random keys, from the filler's endpoints in turn.
            var answers = answersPings ? PeerAnswers.All : PeerAnswers.None;
            var filler = scene.Bind(sources, spread, transport => new CountingPeer(scene.RandomId(), transport, answers));
            var requests = new ForgedRequests(scene.Random);
            for (var i = 0; i < 2 * Quota; i++)
            {
                filler[i % sources].Send(requests.Store(scene.RandomId(), DhtValue.FromBoolean(true)), victim.Transport.Endpoint);
                await scene.PassAsync(i % (PerSecond / 100) == 0 ? 0.01 : 0);
            }

            await scene.PassAsync(5);
            var afterFill = (int)(await victim.Store.GetUsageAsync()).Keys;

            var accepted = await scene.StoreAsync(peer, victim.Transport.Endpoint, Enumerable.Range(0, HonestStores).Select(_ => NearKey()));
            var own = await victim.Node.SetAsync(NearKey(), Scene.Truth);
            var still = await scene.HeldAsync(victim, held);
            return new FillResult(
                filler.Sum(source => source.Stored), afterFill, HonestStores, accepted, own.Local == StoreResult.Stored, still?.Value == Scene.Truth);
        },
        options => options.Quota = new StoreQuota
        {
            TotalKeys = Quota,
            TotalBytes = 2_000_000,
            KeysPerSource = Quota / 10,
            BytesPerSource = 200_000,
            KeysPerSubnet = Quota / 5,
            BytesPerSubnet = 400_000,
        });
}

/// <summary>What a filled node does for honest peers, for itself, and for a value that it held before.</summary>
internal sealed record FillResult(
    int FillerAccepted, int KeysAfterFill, int HonestSent, int HonestAccepted, bool OwnAccepted, bool HeldBefore);
