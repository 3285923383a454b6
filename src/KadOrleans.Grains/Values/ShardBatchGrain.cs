using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Grains.Clocks;
using KadOrleans.Grains.Diagnostics;
using KadOrleans.Grains.Hosting;
using KadOrleans.Shards;
using Orleans.Concurrency;

namespace KadOrleans.Grains.Values;

/// <inheritdoc cref="IShardBatchGrain"/>
[Reentrant]
[StatelessWorker]
internal sealed class ShardBatchGrain(
    ClusterShards shards,
    ShardNewsDesk news,
    ValueCache cache,
    ILocalSiloDetails silo,
    ClusterTime time)
    : Grain, IShardBatchGrain
{
    /// <summary>
    /// How long a call waits for the slowest of its shards. A write takes some milliseconds. A shard that is activating, or whose silo has
    /// just died, must not delay the others.
    /// </summary>
    public static readonly TimeSpan ShardTimeout = TimeSpan.FromMilliseconds(250);

    // Cached, as making a reference costs more than a call.
    private readonly Dictionary<long, IKeyShardGrain> _grains = [];

    public async ValueTask<ShardBatch<StoredValue?>> GetAsync(IReadOnlyList<NodeId> keys)
    {
        ShardCall.CheckLength(keys);
        var get = new ShardGet(keys, time.GetUtcNow(), cache.TryGetOpen);
        GrainMetrics.Got(get.Found, 0);
        if (get.Missing.Count == 0)
        {
            return new ShardBatch<StoredValue?>(get.Values, [], silo.SiloAddress);
        }

        var rest = await AskAsync(get.MissingKeys, key => key, static (shard, some) => shard.GetAsync(some));
        get.Fill(rest.Results);
        return rest with { Results = get.Values, Unanswered = [.. rest.Unanswered.Select(place => get.Missing[place])] };
    }

    public ValueTask<ShardBatch<StoreResult>> PutAsync(IReadOnlyList<ShardPut> puts) =>
        AskAsync(puts, put => put.Key, static (shard, some) => shard.PutAsync(some));

    public ValueTask<IReadOnlyList<ShardNews>> GetNewsAsync(IReadOnlyList<ShardPoint> known)
    {
        ShardCall.CheckLength(known);
        return new ValueTask<IReadOnlyList<ShardNews>>(
            news.ReadAsync(known, GrainOf));
    }

    private IKeyShardGrain GrainOf(long shard) =>
        _grains.TryGetValue(shard, out var grain) ? grain : _grains[shard] = GrainFactory.GetGrain<IKeyShardGrain>(shard);

    private async ValueTask<ShardBatch<TResult>> AskAsync<TRequest, TResult>(
        IReadOnlyList<TRequest> requests,
        Func<TRequest, NodeId> keyOf,
        Func<IKeyShardGrain, IReadOnlyList<TRequest>, ValueTask<IReadOnlyList<TResult>>> call)
    {
        ShardCall.CheckLength(requests);
        var layout = shards.Layout;
        var shares = ShardShare<TRequest, TResult>.Divide(requests, request => layout.ShardOf(keyOf(request)));
        foreach (var (shard, share) in shares)
        {
            share.Begin(GrainOf(shard), call);
        }

        await EndAsync(Task.WhenAll(shares.Values.Select(share => share.Asked)));
        var results = new TResult[requests.Count];
        return new ShardBatch<TResult>(results, [.. shares.Values.SelectMany(share => share.CopyTo(results))], silo.SiloAddress);
    }

    private async Task EndAsync(Task all)
    {
        try
        {
            await all.WaitAsync(ShardTimeout, time);
        }
        catch (Exception)
        {
            // A shard timed out or failed: the caller then calls the shard itself, and gets the reason.
            GrainCalls.Ignore(all);
        }
    }
}
