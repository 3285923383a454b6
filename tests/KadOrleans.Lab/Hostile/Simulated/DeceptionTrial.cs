namespace KadOrleans.Lab;

/// <summary>
/// A hundred honest nodes, of which the 20 nearest to a key hold its value. Liars with ids nearer to the key than all of
/// them give another value. Nodes that hold nothing get the key.
/// </summary>
internal static class DeceptionTrial
{
    private const int Holders = 20;

    /// <summary>A liar shares this many bits with the key, so that it is nearer than any of a hundred honest nodes.</summary>
    private const int SharedBits = 14;

    public static DeceptionResult Run(int seed, int liars, AttackerSpread spread, int gets) => Scene.Run(seed, honest: 100, async scene =>
    {
        var key = scene.RandomId();
        await scene.HoldAsync(key, Scene.Truth, Holders);
        await scene.IntroduceAsync(Liars(scene, key, liars, spread, secondsLeft: null));
        var results = (await scene.GetAsync(key, Holders, gets)).ConvertAll(get => get.Result);
        return new DeceptionResult(
            results.Count(result => result.Value == Scene.Lie),
            results.Count(result => !result.Found),
            results.Sum(result => result.Lookup?.Asked ?? 0) / (double)gets);
    });

    public static IReadOnlyList<ValueLiar> Liars(Scene scene, NodeId key, int count, AttackerSpread spread, uint? secondsLeft)
    {
        var contacts = new List<Contact>();
        var liars = scene.Bind(count, spread, transport => new ValueLiar(
            key.RandomWithPrefix(SharedBits, scene.Random), transport, key, Scene.Lie, secondsLeft, contacts));
        contacts.AddRange(liars.Select(liar => liar.Contact));
        return liars;
    }
}

/// <summary>Gets that returned the lie, gets that returned nothing, and the mean number of contacts asked for each.</summary>
internal sealed record DeceptionResult(int Deceived, int Missed, double Requests);

/// <summary>
/// A node publishes a value, then liars near its key give another, with as long a life as can be said. A day later the node
/// publishes again, or has been talked out of it.
/// </summary>
internal static class PublicationTrial
{
    private const int Holders = 20;

    public static PublicationResult Run(int seed, int liars, AttackerSpread spread, int honest = 40) => Scene.Run(seed, honest, async scene =>
    {
        var key = scene.RandomId();
        var publisher = scene.Nearest(key, 1)[0];
        var published = scene.World.Clock.GetUtcNow();
        await publisher.Node.SetAsync(key, Scene.Truth);
        await scene.IntroduceAsync(DeceptionTrial.Liars(scene, key, liars, spread, uint.MaxValue));
        await scene.World.PassAsync(TimeSpan.FromHours(27));
        var own = await publisher.Node.GetAsync(key);
        var (renewed, deceived) = (0, 0);
        foreach (var node in scene.World.Nodes)
        {
            var held = await scene.HeldAsync(node, key);
            renewed += held?.Value == Scene.Truth && held.ExpiresAt >= published + TimeSpan.FromDays(7.9) ? 1 : 0;
            deceived += held?.Value == Scene.Lie ? 1 : 0;
        }

        return new PublicationResult(own.Value == Scene.Truth, Math.Min(renewed, Holders), deceived);
    });
}

/// <summary>What became of a publication after a day: honest holders, at most 20, with a new copy, and honest nodes that hold the lie.</summary>
internal sealed record PublicationResult(bool PublisherKeepsTruth, int Renewed, int Deceived);
