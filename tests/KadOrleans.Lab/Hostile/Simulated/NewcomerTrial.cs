namespace KadOrleans.Lab;

/// <summary>
/// Newcomers, each in a /24 of its own, ask a node for contacts once, at a random moment of a flood under forged sources. They
/// answer pings.
/// </summary>
internal static class NewcomerTrial
{
    public static NewcomerResult Run(int seed, RequestKind? flood, int perSecond, int newcomers, TimeSpan duration) => Scene.Run(
        seed,
        honest: 40,
        async scene =>
        {
            var victim = scene.World.PickNode().Transport.Endpoint;
            var flooder = new Flooder(scene.World.Network, scene.World.Clock, scene.Random, victim) { Kind = flood };
            var flooding = flooder.RunAsync(perSecond, duration);
            var asked = await AskAsync(scene, victim, newcomers, duration);
            await flooding;
            await scene.SettleAsync();
            return new NewcomerResult(newcomers, asked.Count(peer => peer.MostContacts > 0), asked.Count(peer => peer.MostContacts >= 20));
        });

    private static async Task<List<CountingPeer>> AskAsync(Scene scene, UdpEndpoint victim, int newcomers, TimeSpan duration)
    {
        var moments = Enumerable.Range(0, newcomers).Select(_ => scene.Random.NextDouble() * duration).Order().ToList();
        var begin = scene.World.Clock.Elapsed;
        var peers = new List<CountingPeer>();
        foreach (var moment in moments)
        {
            var wait = begin + moment - scene.World.Clock.Elapsed;
            await scene.World.PassAsync(wait > TimeSpan.Zero ? wait : TimeSpan.Zero);
            peers.Add(scene.AddHonestPeer());
            peers[^1].FindNode(victim, MessageId.Random(scene.Random), scene.RandomId());
        }

        return peers;
    }
}

/// <summary>Newcomers that asked, that got any contacts, and that got the full list.</summary>
internal sealed record NewcomerResult(int Asked, int Answered, int Full)
{
    public double Share => Answered / (double)Asked;
}
