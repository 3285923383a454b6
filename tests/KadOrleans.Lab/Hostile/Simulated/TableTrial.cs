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
    public static DrainResult RunDrained(int seed, int perSecond) => Scene.Run(seed, honest: 1, scene =>
    {
        var sybils = 0;
        return BringNewcomersAsync(scene, () => DrainAsync(3), () => DrainAsync(0.3));

        async Task DrainAsync(double seconds)
        {
            for (var end = scene.World.Clock.Elapsed + TimeSpan.FromSeconds(seconds); scene.World.Clock.Elapsed < end;)
            {
                var sybil = scene.Bind(1, AttackerSpread.OneHost, transport => new Sybil(scene.RandomId(), transport, []), sybils++)[0];
                sybil.Ping(scene.Victim.Transport.Endpoint, scene.Random);
                await scene.PassAsync(1.0 / perSecond);
            }
        }
    });

    /// <summary>
    /// Hosts of many networks claim the ids of contacts again and again, and answer the pings that these draw. Meanwhile honest newcomers
    /// come, who send one PING each.
    /// </summary>
    public static DrainResult RunClaims(int seed, int networks) => Scene.Run(seed, honest: 10, scene =>
    {
        var known = scene.Victim.Node.RoutingTable.Contacts;
        var next = 0;
        var claims = scene.Bind(networks, AttackerSpread.ManyNetworks, transport => new Sybil(known[next++ % known.Count].Id, transport, []));
        return BringNewcomersAsync(scene, () => ClaimAsync(12), () => ClaimAsync(1));

        async Task ClaimAsync(int seconds)
        {
            foreach (var tenth in Enumerable.Repeat(claims.Chunk(networks / 10), 2 * seconds).SelectMany(chunks => chunks))
            {
                Array.ForEach(tenth, claim => claim.Ping(scene.Victim.Transport.Endpoint, scene.Random));
                await scene.PassAsync(0.05);
            }
        }
    });

    public static TableResult Run(int seed, int sybils, AttackerSpread spread) => Scene.Run(seed, honest: 1, async scene =>
    {
        var victim = scene.Victim;

        // The other half of the id space, so that the bucket is not the one that is split.
        var far = victim.Id.WithBit(0, !victim.Id.GetBit(0));
        var old = Enumerable.Range(0, HonestContacts).Select(_ => AddHonest()).ToList();
        await scene.SettleAsync();
        scene.Bind(sybils, spread, transport => new Sybil(InFarBucket(), transport, []))
            .ForEach(sybil => sybil.Join(victim.Transport.Endpoint, scene.Random));
        await scene.SettleAsync();
        var newcomers = new List<CountingPeer>();
        for (var i = 0; i < Newcomers; i++)
        {
            newcomers.Add(AddHonest());
            await scene.PassAsync(0.5);
        }

        await scene.SettleAsync();
        var stayed = CountInTable(victim, old);
        old.ForEach(peer => peer.Answers = PeerAnswers.None);
        for (var i = 0; i < 5; i++)
        {
            await victim.Node.FindNodeAsync(InFarBucket());
            await scene.SettleAsync();
        }

        return new TableResult(stayed, CountInTable(victim, old), CountInTable(victim, newcomers));

        NodeId InFarBucket() => far.RandomWithPrefix(8, scene.Random);

        CountingPeer AddHonest()
        {
            var peer = new CountingPeer(InFarBucket(), scene.World.Network.Bind());
            peer.Join(victim.Transport.Endpoint, scene.Random);
            return peer;
        }
    });

    // First until what a rate allows at once is used up.
    private static async Task<DrainResult> BringNewcomersAsync(Scene scene, Func<Task> useUpAsync, Func<Task> passAsync)
    {
        await useUpAsync();
        var newcomers = new List<CountingPeer>();
        for (var i = 0; i < Came; i++)
        {
            newcomers.Add(scene.AddHonestPeer());
            newcomers[i].Ping(scene.Victim.Transport.Endpoint, scene.Random);
            await passAsync();
        }

        return new DrainResult(Came, CountInTable(scene.Victim, newcomers));
    }

    private static int CountInTable(SimulatedNode node, List<CountingPeer> peers) =>
        peers.Count(peer => node.Node.RoutingTable.Contacts.Contains(peer.Contact));
}

/// <summary>How many newcomers came, and how many of them are in the table.</summary>
internal sealed record DrainResult(int Came, int InTable);

/// <summary>Of 20 honest contacts those that stayed, those in the table after they had left, and newcomers that entered in their place.</summary>
internal sealed record TableResult(int Stayed, int Left, int Entered);
