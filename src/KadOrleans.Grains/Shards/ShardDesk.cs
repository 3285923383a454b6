namespace KadOrleans.Grains;

internal sealed class ShardDesk(
    GrainId id,
    Silo silo,
    ILoggerFactory loggers,
    IGrainFactory grains,
    ClusterShards shards,
    SiloNews news,
    ValueCache cache,
    ClusterTime time)
    : GrainService(id, silo, loggers), IShardDesk
{
    // Cached, as making a reference costs more than a call.
    private readonly Dictionary<long, IKeyShardGrain> _grains = [];

    public async ValueTask<ShardBatch<StoredValue?>> GetAsync(IReadOnlyList<NodeId> keys)
    {
        ShardLayout.CheckLength(keys);
        var get = new ShardGet(keys, time.GetUtcNow(), cache.TryGetOpen);
        GrainMetrics.Got(get.Found, 0);
        if (get.Missing.Count == 0)
        {
            return new ShardBatch<StoredValue?>(get.Values, []);
        }

        var rest = await AskAsync(get.MissingKeys, key => key, static (shard, some) => shard.GetAsync(some));
        get.Fill(rest.Results);
        return rest with { Results = get.Values, Unanswered = [.. rest.Unanswered.Select(place => get.Missing[place])] };
    }

    public ValueTask<ShardBatch<StoreResult>> PutAsync(IReadOnlyList<ShardPut> puts) =>
        AskAsync(puts, put => put.Key, static (shard, some) => shard.PutAsync(some));

    public ValueTask<IReadOnlyList<ShardNews>> GetNewsAsync(IReadOnlyList<ShardPoint> known)
    {
        ShardLayout.CheckLength(known);
        return new ValueTask<IReadOnlyList<ShardNews>>(news.ReadAsync(known, ShardOf));
    }

    public async ValueTask<IReadOnlyList<ShardNews>> AskShardsAsync(IReadOnlyList<ShardPoint> known)
    {
        ShardLayout.CheckLength(known);
        Task<ShardNews?>[] asked = [.. known.Select(point => ShardOf(point.Shard).GetNewsAsync(point).AsTask())];
        await ShardCall.WaitAsync(Task.WhenAll(asked), time);
        long bytes = 0;
        return [.. asked.Where(one => one.IsCompletedSuccessfully).Select(one => one.Result).OfType<ShardNews>().TakeWhile(IsWithinResponse)];

        bool IsWithinResponse(ShardNews one) => (bytes += one.Filter?.Length ?? 0) <= SiloNews.MaxResponse;
    }

    private IKeyShardGrain ShardOf(long shard) =>
        _grains.TryGetValue(shard, out var grain) ? grain : _grains[shard] = grains.GetGrain<IKeyShardGrain>(shard);

    // Of a shard that timed out or failed the caller gets nothing: it calls the shard itself, and gets the reason.
    private async ValueTask<ShardBatch<TResult>> AskAsync<TRequest, TResult>(
        IReadOnlyList<TRequest> requests,
        Func<TRequest, NodeId> keyOf,
        Func<IKeyShardGrain, IReadOnlyList<TRequest>, ValueTask<IReadOnlyList<TResult>>> call)
    {
        ShardLayout.CheckLength(requests);
        var layout = shards.Layout;
        var (results, unanswered) = await ShardCall.DivideAsync(
            requests, request => layout.ShardOf(keyOf(request)), ShardOf, call, calls => ShardCall.WaitAsync(calls, time));
        return new ShardBatch<TResult>(results, unanswered);
    }
}

internal static class ShardCall
{
    // How long a call waits for the slowest of its shards. A write takes some milliseconds. A shard that is activating, or whose
    // silo has just died, must not delay the others.
    public static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);

    /// <summary>Waits for calls, for <see cref="Timeout"/> at most. Never fails.</summary>
    public static async Task WaitAsync(Task calls, TimeProvider time)
    {
        GrainCalls.Ignore(calls);
        await calls.WaitAsync(Timeout, time)
            .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
    }

    /// <summary>Divides requests, in their order, among the shards that they go to, and calls each shard once.</summary>
    public static async ValueTask<(TResult[] Results, IReadOnlyList<int> Unanswered)> DivideAsync<TRequest, TResult>(
        IReadOnlyList<TRequest> requests,
        Func<TRequest, long> shardOf,
        Func<long, IKeyShardGrain> grainOf,
        Func<IKeyShardGrain, IReadOnlyList<TRequest>, ValueTask<IReadOnlyList<TResult>>> call,
        Func<Task, Task> wait)
    {
        var shares = new Dictionary<long, (List<TRequest> Requests, List<int> Places)>();
        for (var i = 0; i < requests.Count; i++)
        {
            var shard = shardOf(requests[i]);
            if (!shares.TryGetValue(shard, out var share))
            {
                shares.Add(shard, share = ([], []));
            }

            share.Requests.Add(requests[i]);
            share.Places.Add(i);
        }

        Task<IReadOnlyList<TResult>>[] asked = [.. shares.Select(share => call(grainOf(share.Key), share.Value.Requests).AsTask())];
        await wait(Task.WhenAll(asked));
        var results = new TResult[requests.Count];
        var unanswered = new List<int>();
        foreach (var (answer, (_, places)) in asked.Zip(shares.Values))
        {
            if (answer is not { IsCompletedSuccessfully: true, Result: var answers } || answers.Count != places.Count)
            {
                unanswered.AddRange(places);
                continue;
            }

            for (var i = 0; i < places.Count; i++)
            {
                results[places[i]] = answers[i];
            }
        }

        return (results, unanswered);
    }
}

[Reentrant]
[StatelessWorker(1)]
internal sealed class ShardBatchGrain(SiloServices<IShardDesk> desks, ILocalSiloDetails silo) : Grain, IShardBatchGrain
{
    private readonly IShardDesk _own = desks.At(silo.SiloAddress);

    public ValueTask<ShardBatch<StoredValue?>> GetAsync(IReadOnlyList<NodeId> keys) => _own.GetAsync(keys);

    public ValueTask<ShardBatch<StoreResult>> PutAsync(IReadOnlyList<ShardPut> puts) => _own.PutAsync(puts);

    public ValueTask<IReadOnlyList<ShardNews>> GetNewsAsync(IReadOnlyList<ShardPoint> known) => _own.GetNewsAsync(known);
}
