namespace KadOrleans.Lab;

/// <summary>
/// A node sets a value with a life again and again, each time another one. After each a freezer stores that value back without a life at
/// every holder; or it stored a value of its own there first.
/// </summary>
internal static class FreezeTrial
{
    // The freezer itself may be one of the 20 nearest.
    private const int Holders = 18;

    private static readonly TimeSpan Life = TimeSpan.FromMinutes(10);

    public static FreezeResult Run(int seed, bool squats, int beats) => Scene.Run(seed, honest: 40, async scene =>
    {
        var freezer = scene.Bind(1, AttackerSpread.OneHost, transport => new CountingPeer(scene.RandomId(), transport))[0];
        await scene.IntroduceAsync([freezer]);
        var key = scene.RandomId();
        if (squats)
        {
            await StoreEverywhereAsync(Scene.Lie);
        }

        var publisher = scene.World.PickNode();
        var (stores, refused, missing, late) = (0, 0, 0, 0);
        for (var beat = 0; beat < beats; beat++)
        {
            var value = DhtValue.FromInteger(beat);
            var set = await publisher.Node.SetAsync(key, value, Life);
            stores += set.Stored + set.Refused;
            refused += set.Refused;
            foreach (var node in scene.Nearest(key, Holders))
            {
                var held = await scene.HeldAsync(node, key);
                missing += held?.Value == value ? 0 : 1;
                late += held?.Value == value && held.LifeLeft(scene.World.Clock.GetUtcNow()) > Life ? 1 : 0;
            }

            await StoreEverywhereAsync(value);
        }

        return new FreezeResult(stores, refused, missing, late);

        Task StoreEverywhereAsync(DhtValue value)
        {
            foreach (var node in scene.World.Nodes)
            {
                freezer.Store(node.Transport.Endpoint, key, value, scene.Random);
            }

            return scene.PassAsync(60);
        }
    });
}

/// <summary>STOREs that were answered and refused; of the 18 nearest those without the value right after its set, and with too long a life.</summary>
internal sealed record FreezeResult(int Stores, int Refused, int Missing, int TooLong);

/// <summary>A node far from a key watches it, while the k nearest hold the truth. A stranger stores a lie at that node.</summary>
internal static class WatchTrial
{
    public static IReadOnlyList<DhtValue?> Run(int seed) => Scene.Run(seed, honest: 80, async scene =>
    {
        var key = scene.RandomId();
        await scene.HoldAsync(key, Scene.Truth, 20);
        var watcher = scene.Nearest(key, 80)[^1];
        var stranger = scene.Bind(1, AttackerSpread.OneHost, transport => new CountingPeer(scene.RandomId(), transport))[0];
        await scene.IntroduceAsync([stranger]);

        List<DhtValue?> told = [];
        using var end = new CancellationTokenSource();
        var watching = WatchAsync(end.Token);
        await scene.PassAsync(5);
        for (var i = 0; i < 3; i++)
        {
            stranger.Store(watcher.Transport.Endpoint, key, Scene.Lie, scene.Random);
            await scene.PassAsync(300);
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
