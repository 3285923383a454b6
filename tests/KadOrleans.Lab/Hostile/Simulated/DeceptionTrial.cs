namespace KadOrleans.Lab;

/// <summary>
/// A hundred honest nodes, of which the 20 nearest to a key hold its value. Liars with ids nearer to the key than all of
/// them give another value. Nodes that hold nothing get the key.
/// </summary>
internal static class DeceptionTrial
{
    private const int Honest = 100;
    private const int Holders = 20;

    /// <summary>A liar shares this many bits with the key, so that it is nearer than any of a hundred honest nodes.</summary>
    private const int SharedBits = 14;

    public static DeceptionResult Run(int seed, int liars, AttackerSpread spread, int gets) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(Honest);
        var key = NodeId.Random(scene.Random);
        await scene.HoldAsync(key, Scene.Truth, Holders);
        await scene.IntroduceAsync(Liars(scene, key, liars, spread, secondsLeft: null));
        return await GetAsync(scene, key, gets);
    });

    public static IReadOnlyList<ValueLiar> Liars(
        Scene scene, NodeId key, int count, AttackerSpread spread, uint? secondsLeft)
    {
        var contacts = new List<Contact>();
        var liars = new List<ValueLiar>();
        for (var i = 0; i < count; i++)
        {
            var transport = scene.World.Network.Bind(AttackerAddresses.Of(spread, i));
            var liar = new ValueLiar(
                key.RandomWithPrefix(SharedBits, scene.Random), transport, key, Scene.Lie, secondsLeft, contacts);
            contacts.Add(liar.Contact);
            liars.Add(liar);
        }

        return liars;
    }

    private static async Task<DeceptionResult> GetAsync(Scene scene, NodeId key, int gets)
    {
        var askers = scene.World.Nodes.Except(scene.Nearest(key, Holders)).ToList();
        var (deceived, missed, requests) = (0, 0, 0L);
        for (var i = 0; i < gets; i++)
        {
            // Whoever holds a copy by now would answer itself; the engine asks the network.
            var result = await askers[i % askers.Count].Node.Engine.GetFromContactsAsync(key);
            deceived += result.Value == Scene.Lie ? 1 : 0;
            missed += result.Found ? 0 : 1;
            requests += result.Lookup?.Asked ?? 0;
        }

        return new DeceptionResult(gets, deceived, missed, requests / (double)gets);
    }
}

/// <summary>What gets returned.</summary>
/// <param name="Gets">How many there were.</param>
/// <param name="Deceived">Those that returned the lie.</param>
/// <param name="Missed">Those that returned nothing.</param>
/// <param name="Requests">Contacts asked for each, on average.</param>
internal sealed record DeceptionResult(int Gets, int Deceived, int Missed, double Requests);

/// <summary>
/// A node publishes a value, then liars near its key give another, with as long a life as can be said. A day later the node
/// publishes again, or has been talked out of it.
/// </summary>
internal static class PublicationTrial
{
    private const int Holders = 20;

    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    public static PublicationResult Run(int seed, int liars, AttackerSpread spread, int honest = 40) => Scene.Run(seed, async scene =>
    {
        await scene.StartHonestAsync(honest);
        var key = NodeId.Random(scene.Random);
        var publisher = scene.Nearest(key, 1)[0];
        var published = scene.World.Clock.GetUtcNow();
        await publisher.Node.SetAsync(key, Scene.Truth);
        await scene.IntroduceAsync(DeceptionTrial.Liars(scene, key, liars, spread, uint.MaxValue));
        await scene.World.PassAsync(Day + TimeSpan.FromHours(3));

        var own = await publisher.Node.GetAsync(key);
        var (renewed, deceived) = (0, 0);
        var now = scene.World.Clock.GetUtcNow();
        foreach (var node in scene.World.Nodes)
        {
            var held = await node.Store.GetAsync(key, now);
            renewed += held?.Value == Scene.Truth && held.ExpiresAt >= published + TimeSpan.FromDays(7.9) ? 1 : 0;
            deceived += held?.Value == Scene.Lie ? 1 : 0;
        }

        return new PublicationResult(own.Value == Scene.Truth, Math.Min(renewed, Holders), deceived);
    });
}

/// <summary>What became of a publication after a day.</summary>
/// <param name="PublisherKeepsTruth">Whether a get at the publisher returns what it published.</param>
/// <param name="Renewed">Honest holders, at most 20, whose copy was published anew.</param>
/// <param name="Deceived">Honest nodes that hold the lie.</param>
internal sealed record PublicationResult(bool PublisherKeepsTruth, int Renewed, int Deceived);
