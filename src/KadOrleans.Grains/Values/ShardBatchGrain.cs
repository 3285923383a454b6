using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Grains.Hosting;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Options;
using Orleans.Concurrency;

namespace KadOrleans.Grains.Values;

/// <inheritdoc cref="IShardBatchGrain"/>
[Reentrant]
[StatelessWorker]
internal sealed class ShardBatchGrain(
    IOptions<KadClusterOptions> options, ShardNewsDesk news, [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time)
    : Grain, IShardBatchGrain
{
    /// <summary>
    /// How long a call waits for the slowest of its shards. A write takes some milliseconds. A shard that is activating, or whose silo has
    /// just died, must not delay the others.
    /// </summary>
    public static readonly TimeSpan ShardTimeout = TimeSpan.FromMilliseconds(250);

    // Cached, as making a reference costs more than a call.
    private readonly IKeyShardGrain?[] _shards = new IKeyShardGrain?[1 << options.Value.ShardBits];

    public ValueTask<ShardBatch<StoredValue?>> GetAsync(IReadOnlyList<NodeId> keys) =>
        AskAsync(keys, key => key, static (shard, some) => shard.GetAsync(some));

    public ValueTask<ShardBatch<StoreResult>> PutAsync(IReadOnlyList<ShardPut> puts) =>
        AskAsync(puts, put => put.Key, static (shard, some) => shard.PutAsync(some));

    public ValueTask<IReadOnlyList<ShardNews>> GetNewsAsync(IReadOnlyList<ShardPoint> known)
    {
        KeyShardGrain.CheckLength(known);
        return new ValueTask<IReadOnlyList<ShardNews>>(
            news.ReadAsync(known, shard => _shards[shard] ??= GrainFactory.GetGrain<IKeyShardGrain>(shard)));
    }

    private async ValueTask<ShardBatch<TResult>> AskAsync<TRequest, TResult>(
        IReadOnlyList<TRequest> requests,
        Func<TRequest, NodeId> keyOf,
        Func<IKeyShardGrain, IReadOnlyList<TRequest>, ValueTask<IReadOnlyList<TResult>>> call)
    {
        KeyShardGrain.CheckLength(requests);
        var shares = new Dictionary<long, ShardShare<TRequest, TResult>>();
        for (var i = 0; i < requests.Count; i++)
        {
            var shard = GrainKeys.Shard(keyOf(requests[i]), options.Value.ShardBits);
            if (!shares.TryGetValue(shard, out var share))
            {
                shares.Add(shard, share = new ShardShare<TRequest, TResult>());
            }

            share.Add(requests[i], i);
        }

        foreach (var (shard, share) in shares)
        {
            share.Begin(_shards[shard] ??= GrainFactory.GetGrain<IKeyShardGrain>(shard), call);
        }

        await EndAsync(Task.WhenAll(shares.Values.Select(share => share.Asked)));
        var results = new TResult[requests.Count];
        return new ShardBatch<TResult>(results, [.. shares.Values.SelectMany(share => share.CopyTo(results))]);
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

/// <summary>One shard's part of a call to many shards.</summary>
internal sealed class ShardShare<TRequest, TResult>
{
    private readonly List<TRequest> _requests = [];
    private readonly List<int> _places = [];
    private Task<IReadOnlyList<TResult>>? _asked;

    /// <summary>The pending call to the shard.</summary>
    public Task Asked => _asked ?? Task.CompletedTask;

    /// <summary>Adds the request with its place in the call.</summary>
    public void Add(TRequest request, int place)
    {
        _requests.Add(request);
        _places.Add(place);
    }

    /// <summary>Calls the shard.</summary>
    public void Begin(
        IKeyShardGrain shard, Func<IKeyShardGrain, IReadOnlyList<TRequest>, ValueTask<IReadOnlyList<TResult>>> call) =>
        _asked = call(shard, _requests).AsTask();

    /// <summary>Copies the shard's results into their places. Returns the places that have no result.</summary>
    public IReadOnlyList<int> CopyTo(TResult[] results)
    {
        if (_asked is not { IsCompletedSuccessfully: true, Result: var answers } || answers.Count != _places.Count)
        {
            return _places;
        }

        for (var i = 0; i < _places.Count; i++)
        {
            results[_places[i]] = answers[i];
        }

        return [];
    }
}
