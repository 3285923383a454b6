namespace KadOrleans.Lab;

/// <summary>
/// One host takes a key's neighbourhood: of its many ids one is known to all, and names the others. A node then looks for the
/// nearest and sets a value.
/// </summary>
internal static class SybilTrial
{
    private const int Honest = 100;
    private const int SharedBits = 14;

    public static SybilResult Run(int seed, int sybils, AttackerSpread spread) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(Honest);
        var key = NodeId.Random(scene.Random);
        var contacts = new List<Contact>();
        var gang = new List<Sybil>();
        for (var i = 0; i < sybils; i++)
        {
            gang.Add(new Sybil(
                key.RandomWithPrefix(SharedBits, scene.Random),
                scene.World.Network.Bind(AttackerAddresses.Of(spread, i)),
                contacts));
            contacts.Add(gang[i].Contact);
        }

        var asker = scene.Nearest(key, Honest)[^1];
        for (var i = 0; i < NetworkSizeEstimator.MinLookups; i++)
        {
            await asker.Node.FindNodeAsync(NodeId.Random(scene.Random));
        }

        await scene.IntroduceAsync([gang[0]]);
        var outcome = await asker.Node.FindNodeAsync(key);
        var set = await asker.Node.SetAsync(key, Scene.Truth);
        return new SybilResult(
            outcome.Closest.Count(contacts.Contains), outcome.Closest.Count, gang.Sum(sybil => sybil.Stores), set.Stored, set.Lookup!.Crowded);
    });
}

/// <summary>Who was found and who took the value, and how many of the nearest the set calls too near.</summary>
internal sealed record SybilResult(int SybilsFound, int Found, int SybilStores, int Stores, int Crowded);
