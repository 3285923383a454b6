namespace KadOrleans.Grains;

// Calls the grains and edges that an operator asks about. A call takes 28 s at most. What does not respond is named in a
// DhtUnavailableException; an ArgumentException of a grain is passed on. A change whose answer says what it changed is not made again when
// it may have been made: a second answer would say that nothing changed. Safe for several threads.
internal sealed class AdminCalls(
    IGrainFactory grains,
    IOptions<KadClusterOptions> options,
    ClusterShards known,
    KnownEdges edges,
    IRandomSource random,
    ClusterTime time,
    ILogger<AdminCalls> logger)
{
    private const int AtOnce = 64;

    private static readonly TimeSpan CallLimit = TimeSpan.FromSeconds(28);

    private readonly GrainCalls _calls = new(time, logger);

    public TimeLimit Limit() => new(CallLimit, time);

    public Task<T> CallOneAsync<TGrain, T>(Func<TGrain, ValueTask<T>> call, CancellationToken cancellationToken)
        where TGrain : IGrainWithIntegerKey =>
        CallAsync(NameOf<TGrain>(), grains.GetGrain<TGrain>(GrainKeys.Singleton), call, isOnce: false, Limit(), cancellationToken);

    public Task<T> ChangeOneAsync<TGrain, T>(Func<TGrain, ValueTask<T>> change, CancellationToken cancellationToken)
        where TGrain : IGrainWithIntegerKey =>
        CallAsync(NameOf<TGrain>(), grains.GetGrain<TGrain>(GrainKeys.Singleton), change, isOnce: true, Limit(), cancellationToken);

    public Task<T> CallShardAsync<T>(long shard, Func<IKeyShardGrain, ValueTask<T>> call, TimeLimit limit, CancellationToken cancellationToken) =>
        CallShardAsync(shard, call, isOnce: false, limit, cancellationToken);

    public Task<T> ChangeShardAsync<T>(long shard, Func<IKeyShardGrain, ValueTask<T>> change, TimeLimit limit, CancellationToken cancellationToken) =>
        CallShardAsync(shard, change, isOnce: true, limit, cancellationToken);

    public Task<T> CallTableAsync<T>(NodeId id, Func<IRoutingTableGrain, ValueTask<T>> call, TimeLimit limit, CancellationToken cancellationToken) =>
        CallTableAsync(id, call, isOnce: false, limit, cancellationToken);

    public async Task<T> CallEdgeAsync<T>(Func<IEdgeDesk, Task<T>> call, TimeLimit limit, CancellationToken cancellationToken)
    {
        try
        {
            return await new EdgeCaller(grains, edges, random, time, options.Value.EdgeTimeout, logger).CallAsync(call, limit, cancellationToken);
        }
        catch (Exception e) when (e is NoLiveEdgeException || GrainCalls.IsTransient(e))
        {
            throw new DhtUnavailableException(e.Message, e);
        }
    }

    // Asks all shards, and takes each response as it comes. In the order of shards; of one that does not respond it is the default.
    public Task<TTaken?[]> AskShardsAsync<T, TTaken>(
        Func<IKeyShardGrain, ValueTask<T>> call, Func<T, TTaken> take, CancellationToken cancellationToken) =>
        AskShardsAsync(call, take, isOnce: false, cancellationToken);

    public Task<TTaken?[]> ChangeShardsAsync<T, TTaken>(
        Func<IKeyShardGrain, ValueTask<T>> change, Func<T, TTaken> take, CancellationToken cancellationToken) =>
        AskShardsAsync(change, take, isOnce: true, cancellationToken);

    public Task<IEnumerable<(NodeId Table, T Result)>> AskTablesAsync<T>(
        Func<IRoutingTableGrain, ValueTask<T>> call, CancellationToken cancellationToken) =>
        AskTablesAsync(call, isOnce: false, cancellationToken);

    public Task<IEnumerable<(NodeId Table, T Result)>> ChangeTablesAsync<T>(
        Func<IRoutingTableGrain, ValueTask<T>> change, CancellationToken cancellationToken) =>
        AskTablesAsync(change, isOnce: true, cancellationToken);

    private static string NameOf<TGrain>() => $"{typeof(TGrain).Name[1..^5]} grain";

    private Task<T> CallShardAsync<T>(
        long shard, Func<IKeyShardGrain, ValueTask<T>> call, bool isOnce, TimeLimit limit, CancellationToken cancellationToken) =>
        CallAsync(GrainKeys.ShardName(shard), grains.GetGrain<IKeyShardGrain>(shard), call, isOnce, limit, cancellationToken);

    private Task<T> CallTableAsync<T>(
        NodeId id, Func<IRoutingTableGrain, ValueTask<T>> call, bool isOnce, TimeLimit limit, CancellationToken cancellationToken) =>
        CallAsync($"routing table {id}", grains.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(id)), call, isOnce, limit, cancellationToken);

    private async Task<TTaken?[]> AskShardsAsync<T, TTaken>(
        Func<IKeyShardGrain, ValueTask<T>> call, Func<T, TTaken> take, bool isOnce, CancellationToken cancellationToken)
    {
        var (layout, limit) = (known.Layout, Limit());
        var taken = new TTaken?[layout.Count];
        await Parallel.ForAsync(0, layout.Count, AtOnceUntil(cancellationToken), async (shard, _) =>
        {
            try
            {
                taken[shard] = take(await CallShardAsync(layout.ShardAt(shard), call, isOnce, limit, cancellationToken));
            }
            catch (DhtUnavailableException e)
            {
                logger.ShardFailed(e.Message);
            }
        });
        return taken;
    }

    private async Task<IEnumerable<(NodeId Table, T Result)>> AskTablesAsync<T>(
        Func<IRoutingTableGrain, ValueTask<T>> call, bool isOnce, CancellationToken cancellationToken)
    {
        var limit = Limit();
        var edges = await CallOneAsync(static (IEdgeDirectoryGrain grain) => grain.GetNamesAsync(), cancellationToken);
        NodeId[] ids = [.. edges.Where(edge => edge.Live is not null).SelectMany(edge => edge.NodeIds)];
        var results = new T[ids.Length];
        await Parallel.ForAsync(0, ids.Length, AtOnceUntil(cancellationToken), async (i, ending) =>
            results[i] = await CallTableAsync(ids[i], call, isOnce, limit, ending));
        return ids.Zip(results);
    }

    private static ParallelOptions AtOnceUntil(CancellationToken cancellationToken) =>
        new() { MaxDegreeOfParallelism = AtOnce, CancellationToken = cancellationToken };

    private async Task<T> CallAsync<TGrain, T>(
        string name, TGrain grain, Func<TGrain, ValueTask<T>> call, bool isOnce, TimeLimit limit, CancellationToken cancellationToken)
    {
        // Within this asynchronous method, so the caller's own context stays as it is.
        ManagementLog.MarkAsRecorded();
        try
        {
            return isOnce
                ? await _calls.CallOnceAsync(name, () => call(grain), limit, cancellationToken)
                : await _calls.CallAsync(name, () => call(grain), limit, cancellationToken);
        }
        catch (Exception e) when (e is not ArgumentException && !cancellationToken.IsCancellationRequested)
        {
            var change = isOnce && GrainCalls.MayHaveRun(e) ? ", and may have made the change all the same" : string.Empty;
            throw new DhtUnavailableException(ShardUnavailableException.Describe(name, e, change), e);
        }
    }
}
