namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>A tick of a shard whose keys stay due until it is disposed.</summary>
internal sealed class HandOver : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly SimulatedWorld _world;

    public HandOver(SimulatedWorld world, IReadOnlyList<NodeId> due, IReadOnlyList<OfferedEdge> edges)
    {
        _world = world;
        var list = new EdgeList([.. edges.Select(static edge => edge.Live)], TimeSpan.FromHours(1), []);
        var directory = Fake.Of<IEdgeDirectoryGrain>((_, _) => new ValueTask<EdgeList>(list));
        var grains = Fake.Of<IGrainFactory>((_, _) => directory);
        var hour = TimeSpan.FromHours(1);
        Republishing = new ShardRepublishing("shard 7", grains, world.Clock, hour, TimeSpan.FromSeconds(10), NullLogger.Instance);
        Ended = Republishing.HandOverAsync(
            after => [.. due.Where(key => after is null || key > after).Take(RepublishWork.MaxKeys)], _stopping.Token);
    }

    public ShardRepublishing Republishing { get; }

    public Task Ended { get; }

    public async ValueTask DisposeAsync()
    {
        // CancelAsync would go on in another thread than the simulation's.
        _stopping.Cancel();
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        await Ended;
        _stopping.Dispose();
    }
}
