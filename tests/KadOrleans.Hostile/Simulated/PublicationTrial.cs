using KadOrleans.Core;
using KadOrleans.Simulation.Attackers;

namespace KadOrleans.Hostile.Simulated;

/// <summary>
/// A node publishes a value, then liars near its key give another, with as long a life as can be said. A day later the node
/// publishes again, or has been talked out of it.
/// </summary>
internal static class PublicationTrial
{
    private const int Holders = 20;

    private static readonly TimeSpan Day = TimeSpan.FromHours(24);

    public static PublicationResult Run(int seed, int liars, AttackerSpread spread, int honest = 40)
    {
        var scene = new Scene(seed);
        return scene.World.Run(async () =>
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
}

/// <summary>What became of a publication after a day.</summary>
/// <param name="PublisherKeepsTruth">Whether a get at the publisher returns what it published.</param>
/// <param name="Renewed">Honest holders, at most 20, whose copy was published anew.</param>
/// <param name="Deceived">Honest nodes that hold the lie.</param>
internal sealed record PublicationResult(bool PublisherKeepsTruth, int Renewed, int Deceived);
