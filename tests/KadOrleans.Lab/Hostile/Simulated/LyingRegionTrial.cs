namespace KadOrleans.Lab;

/// <summary>
/// A gang sits in a region of the key space, one of whose nodes keeps the region's values alive. Those that come late are met after the
/// region was surveyed, and by its node alone. Afterwards the same node looks each key up, which is what upkeep is measured against.
/// </summary>
internal static class LyingRegionTrial
{
    private const int Honest = 120;
    private const int Keys = 150;
    private const int KeysBefore = 20;
    private const int K = 20;

    private static readonly TimeSpan Sweep = TimeSpan.FromMinutes(12);

    /// <summary>Who lies, and how, in the tests and in the table.</summary>
    public static IReadOnlyList<LyingRegion> Tried { get; } =
    [
        new(RegionLie.Hide, 15, AttackerSpread.ManyNetworks),
        new(RegionLie.Hide, 60, AttackerSpread.ManyNetworks),
        new(RegionLie.Hide, 60, AttackerSpread.ManyNetworks, Denser: 3),
        new(RegionLie.Hide, 200, AttackerSpread.OneSubnet, Denser: 2),
        new(RegionLie.Invent, 8, AttackerSpread.ManyNetworks),
        new(RegionLie.Refuse, 15, AttackerSpread.ManyNetworks),
        new(RegionLie.Drop, 15, AttackerSpread.ManyNetworks),
        new(RegionLie.DropMost, 8, AttackerSpread.ManyNetworks),
        new(RegionLie.Delay, 8, AttackerSpread.ManyNetworks),
        new(RegionLie.ChangeTokens, 15, AttackerSpread.ManyNetworks),
        new(RegionLie.Hide, 15, AttackerSpread.ManyNetworks, ComesLate: true),
        new(RegionLie.Hide, 60, AttackerSpread.ManyNetworks, ComesLate: true),
        new(RegionLie.Hide, 250, AttackerSpread.OneHost, ComesLate: true),
        new(RegionLie.Drop, 60, AttackerSpread.ManyNetworks, ComesLate: true),
        new(RegionLie.Hide, 40, AttackerSpread.ManyNetworks, ComesLate: true, AreClones: true),
        new(RegionLie.Drop, 40, AttackerSpread.ManyNetworks, ComesLate: true, AreClones: true),
    ];

    public static LyingRegionResult Run(int seed, LyingRegion region) => Scene.Run(seed, Honest, async scene =>
    {
        var (node, gang) = (scene.Victim, new List<Contact>());
        for (var i = 0; i < 2 * NetworkSizeEstimator.MinLookups; i++)
        {
            await node.Node.FindNodeAsync(scene.RandomId());
        }

        var depth = node.Node.Engine.RegionDepth;
        var ids = region.AreClones
            ? scene.World.Nodes.Skip(1).Select(honest => honest.Id).OrderBy(id => id.DistanceTo(node.Id)).Take(region.Liars).ToList()
            : [.. Enumerable.Range(0, region.Liars).Select(_ => node.Id.RandomWithPrefix(depth + region.Denser, scene.Random))];
        var next = 0;
        var liars = scene.Bind(
            ids.Count, region.Spread, transport => new RegionLiar(ids[next++], transport, region.Lie, gang, scene.World));
        gang.AddRange(liars.Select(liar => liar.Contact));
        if (!region.ComesLate)
        {
            await scene.IntroduceAsync(liars);
        }

        await SweepAsync(scene, node, depth, KeysBefore);
        if (region.ComesLate)
        {
            liars.ForEach(liar => liar.Ping(node.Transport.Endpoint, scene.Random));
            await scene.SettleAsync();
        }

        var (finds, traffic) = (0, new TrafficMeter());
        traffic.IsApart = (kind, source, _) =>
        {
            finds += kind == RequestKind.FindNode && source == node.Transport.Endpoint ? 1 : 0;
            return false;
        };
        scene.World.Network.Traffic = traffic;
        var keys = await SweepAsync(scene, node, depth, Keys);
        scene.World.Network.Traffic = null;
        return await CompareAsync(scene, node, keys) with
        {
            FindsPerValue = finds / (double)Keys,
            ToLiars = liars.Sum(liar => liar.Stores) / (double)Keys,
        };
    });

    // Puts values into the node's store that are due, and waits until they have been sent. It sends none of keys to which it knows k nearer
    // contacts, liars or not: other holders do.
    private static async Task<List<NodeId>> SweepAsync(Scene scene, SimulatedNode node, int depth, int count)
    {
        var storedAt = scene.World.Clock.GetUtcNow() - TimeSpan.FromHours(2);
        var keys = new List<NodeId>();
        while (keys.Count < count)
        {
            var key = node.Id.RandomWithPrefix(depth, scene.Random);
            if (RepublishPolicy.IsResponsible(key, node.Node.RoutingTable, K))
            {
                keys.Add(key);
                await node.Store.PutAsync(key, new StoredValue(Scene.Truth, storedAt, storedAt + TimeSpan.FromDays(7), default));
            }
        }

        await scene.World.PassAsync(Sweep);
        return keys;
    }

    private static async Task<LyingRegionResult> CompareAsync(Scene scene, SimulatedNode node, List<NodeId> keys)
    {
        var (held, found, asked, least) = (0, 0, 0, int.MaxValue);
        foreach (var key in keys)
        {
            var holders = 0;
            var nearest = scene.Nearest(key, K);
            foreach (var honest in nearest)
            {
                holders += (await scene.HeldAsync(honest, key))?.Value == Scene.Truth ? 1 : 0;
            }

            var lookup = await node.Node.FindNodeAsync(key);
            held += holders;
            least = Math.Min(least, holders);
            found += nearest.Count(honest => honest == node || lookup.Closest.Contains(honest.Contact));
            asked += lookup.Asked;
        }

        var count = (double)keys.Count;
        return new LyingRegionResult(held / count, found / count, least, 0, asked / count, 0);
    }
}

/// <summary>Who lies in a region.</summary>
/// <param name="Lie">How.</param>
/// <param name="Liars">How many; the region has some fifteen honest nodes.</param>
/// <param name="Spread">How many networks they are in.</param>
/// <param name="Denser">So many bits more than the region's keys their ids share: with 2 they are in a quarter of it.</param>
/// <param name="ComesLate">They come after the region was surveyed, and to one node.</param>
/// <param name="AreClones">They have the ids of the honest nodes there.</param>
internal sealed record LyingRegion(
    RegionLie Lie, int Liars, AttackerSpread Spread, int Denser = 0, bool ComesLate = false, bool AreClones = false);

/// <summary>What came of the region's values.</summary>
/// <param name="Held">How many of a key's k nearest honest nodes hold its value, on average.</param>
/// <param name="Found">How many of them a lookup of the key finds.</param>
/// <param name="Least">How many hold the worst value.</param>
/// <param name="FindsPerValue">FIND_NODEs of the node that sent the values, for each.</param>
/// <param name="Asked">FIND_NODEs of a lookup of a key.</param>
/// <param name="ToLiars">STOREs that liars got, for each value, with retries.</param>
internal sealed record LyingRegionResult(double Held, double Found, int Least, double FindsPerValue, double Asked, double ToLiars);
