namespace KadOrleans.Lab;

/// <summary>
/// One host takes a key's neighbourhood: of its many ids one is known to all, and names the others. A node then looks for the
/// nearest and sets a value.
/// </summary>
internal static class SybilTrial
{
    private const int Honest = 100;
    private const int SharedBits = 14;

    public static SybilResult Run(int seed, int sybils, AttackerSpread spread) => Scene.Run(seed, Honest, async scene =>
    {
        var key = scene.RandomId();
        var contacts = new List<Contact>();
        var gang = scene.Bind(sybils, spread, transport => new Sybil(key.RandomWithPrefix(SharedBits, scene.Random), transport, contacts));
        contacts.AddRange(gang.Select(sybil => sybil.Contact));
        var asker = scene.Nearest(key, Honest)[^1];
        for (var i = 0; i < NetworkSizeEstimator.MinLookups; i++)
        {
            await asker.Node.FindNodeAsync(scene.RandomId());
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
