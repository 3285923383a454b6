namespace KadOrleans.Cluster.Tests.Edges;

/// <summary>A tick of a shard whose keys stay due until it is disposed, with the real directory of edges.</summary>
internal sealed class HandOver : IAsyncDisposable
{
    private readonly CancellationTokenSource _stopping = new();
    private readonly SimulatedWorld _world;

    private HandOver(SimulatedWorld world)
    {
        _world = world;
        Directory = new DirectoryHost(world.Clock);
        Republishing = new ShardRepublishing(
            "shard 7", Directory.Grains, new KnownEdges(world.Clock), world.Clock, TimeSpan.FromHours(1), TimeSpan.FromSeconds(10), NullLogger.Instance);
    }

    public DirectoryHost Directory { get; }

    public ShardRepublishing Republishing { get; }

    public Task Ended { get; private set; } = Task.CompletedTask;

    public static async Task<HandOver> BeginAsync(SimulatedWorld world, IReadOnlyList<NodeId> due, IReadOnlyList<IEdgeDesk> edges, Exception? failure = null)
    {
        var handOver = new HandOver(world);
        foreach (var (i, edge) in edges.Index())
        {
            await handOver.Directory.JoinAsync($"{i}", edge, handOver._stopping.Token);
        }

        handOver.Directory.Failure = failure;
        handOver.Ended = handOver.Republishing.HandOverAsync(
            after => [.. due.Where(key => after is null || key > after).Take(RepublishWork.MaxKeys)], handOver._stopping.Token);
        return handOver;
    }

    public async ValueTask DisposeAsync()
    {
        // CancelAsync would go on in another thread than the simulation's.
        _stopping.Cancel();
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        await Ended;
        _stopping.Dispose();
    }
}
