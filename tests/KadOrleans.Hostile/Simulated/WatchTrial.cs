using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Simulation.Attackers;

namespace KadOrleans.Hostile.Simulated;

/// <summary>A node far from a key watches it, while the k nearest hold the truth. A stranger stores a lie at that node.</summary>
internal static class WatchTrial
{
    public static IReadOnlyList<DhtValue?> Run(int seed)
    {
        var scene = new Scene(seed);
        return scene.World.Run(async () =>
        {
            await scene.StartHonestAsync(80);
            var key = NodeId.Random(scene.Random);
            await scene.HoldAsync(key, Scene.Truth, 20);
            var watcher = scene.Nearest(key, 80)[^1];
            var stranger = new Freezer(NodeId.Random(scene.Random), scene.World.Network.Bind(AttackerAddresses.Of(AttackerSpread.OneHost, 0)));
            await scene.IntroduceAsync([stranger]);

            List<DhtValue?> told = [];
            using var end = new CancellationTokenSource();
            var watching = WatchAsync(end.Token);
            await scene.World.PassAsync(TimeSpan.FromSeconds(5));
            for (var i = 0; i < 3; i++)
            {
                stranger.Store(watcher.Transport.Endpoint, key, Scene.Lie, scene.Random);
                await scene.World.PassAsync(TimeSpan.FromMinutes(5));
            }

            await end.CancelAsync();
            await watching;
            return told;

            async Task WatchAsync(CancellationToken cancellationToken)
            {
                try
                {
                    await foreach (KeyChange change in watcher.Node.WatchAsync(key, cancellationToken))
                    {
                        told.Add(change.Value);
                    }
                }
                catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
                {
                    // The trial is over.
                }
            }
        });
    }
}
