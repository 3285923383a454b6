namespace KadOrleans.Lab;

/// <summary>
/// A bucket of honest contacts is full. Then an attacker's ids come, more than may wait for a place. Then honest newcomers come, and at last the
/// old contacts leave.
/// </summary>
internal static class TableTrial
{
    private const int HonestContacts = 20;
    private const int Newcomers = 40;

    // Those that come one after another.
    private const int Came = 16;

    /// <summary>
    /// One host sends <paramref name="perSecond"/> PINGs a second, each from a new port under a new id, and answers the pings that
    /// these draw. Meanwhile honest newcomers come, who send one PING each.
    /// </summary>
    public static DrainResult RunDrained(int seed, int perSecond) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(1);
        var victim = scene.World.Nodes[0];
        var sybils = 0;
        async Task DrainAsync(TimeSpan time)
        {
            for (var end = scene.World.Clock.GetUtcNow() + time; scene.World.Clock.GetUtcNow() < end;)
            {
                var endpoint = AttackerAddresses.Of(AttackerSpread.OneHost, sybils++);
                var sybil = new Sybil(NodeId.Random(scene.Random), scene.World.Network.Bind(endpoint), []);
                sybil.Ping(victim.Transport.Endpoint, scene.Random);
                await scene.World.PassAsync(TimeSpan.FromSeconds(1) / perSecond);
            }
        }

        // Until what a rate allows at once is used up.
        await DrainAsync(TimeSpan.FromSeconds(3));
        return await BringNewcomersAsync(scene, victim, () => DrainAsync(TimeSpan.FromMilliseconds(300)));
    });

    /// <summary>
    /// Hosts of many networks claim the ids of contacts again and again, and answer the pings that these draw. Meanwhile honest newcomers
    /// come, who send one PING each.
    /// </summary>
    public static DrainResult RunClaims(int seed, int networks) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(10);
        var victim = scene.World.Nodes[0];
        var known = victim.Node.RoutingTable.Contacts;
        var claims = Enumerable.Range(0, networks)
            .Select(i => new Sybil(known[i % known.Count].Id, scene.World.Network.Bind(AttackerAddresses.Of(AttackerSpread.ManyNetworks, i)), []))
            .ToList();
        async Task ClaimAsync(int seconds)
        {
            for (var i = 0; i < 2 * seconds; i++)
            {
                foreach (var tenth in claims.Chunk(networks / 10))
                {
                    foreach (var claim in tenth)
                    {
                        claim.Ping(victim.Transport.Endpoint, scene.Random);
                    }

                    await scene.World.PassAsync(TimeSpan.FromMilliseconds(50));
                }
            }
        }

        // Until what a rate allows at once is used up.
        await ClaimAsync(12);
        return await BringNewcomersAsync(scene, victim, () => ClaimAsync(1));
    });

    public static TableResult Run(int seed, int sybils, AttackerSpread spread) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(1);
        var victim = scene.World.Nodes[0];

        // The other half of the id space, so that the bucket is not the one that is split.
        var far = victim.Id.WithBit(0, !victim.Id.GetBit(0));
        NodeId InFarBucket() => far.RandomWithPrefix(8, scene.Random);
        RawPeer AddHonest()
        {
            var peer = new RawPeer(scene.World.Network.Bind(), InFarBucket());
            peer.OnRequest = (request, id, answer) => request.Kind == RequestKind.FindNode
                ? ResponseWriter.WriteNodes(answer, id, [])
                : peer.AnswerPings(request, id, answer);
            peer.Ping(victim.Transport.Endpoint, MessageId.Random(scene.Random));
            return peer;
        }

        var old = Enumerable.Range(0, HonestContacts).Select(_ => AddHonest()).ToList();
        await scene.World.PassAsync(Scene.Settling);
        for (var i = 0; i < sybils; i++)
        {
            var sybil = new Sybil(InFarBucket(), scene.World.Network.Bind(AttackerAddresses.Of(spread, i)), []);
            sybil.Ping(victim.Transport.Endpoint, scene.Random);
        }

        await scene.World.PassAsync(Scene.Settling);
        var newcomers = new List<RawPeer>();
        for (var i = 0; i < Newcomers; i++)
        {
            newcomers.Add(AddHonest());
            await scene.World.PassAsync(TimeSpan.FromMilliseconds(500));
        }

        await scene.World.PassAsync(Scene.Settling);
        var stayed = CountInTable(victim, old);
        old.ForEach(peer => peer.OnRequest = null);
        for (var i = 0; i < 5; i++)
        {
            await victim.Node.FindNodeAsync(InFarBucket());
            await scene.World.PassAsync(Scene.Settling);
        }

        return new TableResult(stayed, CountInTable(victim, old), CountInTable(victim, newcomers));
    });

    private static async Task<DrainResult> BringNewcomersAsync(Scene scene, SimulatedNode victim, Func<Task> passAsync)
    {
        var newcomers = new List<RawPeer>();
        for (var i = 0; i < Came; i++)
        {
            var newcomer = scene.AddHonestPeer();
            newcomer.Ping(victim.Transport.Endpoint, MessageId.Random(scene.Random));
            newcomers.Add(newcomer);
            await passAsync();
        }

        return new DrainResult(Came, CountInTable(victim, newcomers));
    }

    private static int CountInTable(SimulatedNode node, List<RawPeer> peers) =>
        peers.Count(peer => node.Node.RoutingTable.Contacts.Contains(peer.Contact));
}

/// <summary>How many newcomers came, and how many of them are in the table.</summary>
internal sealed record DrainResult(int Came, int InTable);

/// <summary>Who is in the table.</summary>
/// <param name="Stayed">Honest contacts after all had come, of 20.</param>
/// <param name="Left">Those of them after they had left.</param>
/// <param name="Entered">Newcomers then, in their place.</param>
internal sealed record TableResult(int Stayed, int Left, int Entered);
