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
    IOptions<KadClusterOptions> options, [FromKeyedServices(TimeProviderNames.Grains)] TimeProvider time) : Grain, IShardBatchGrain
{
    /// <summary>
    /// How long a call waits for the slowest of its shards. A write takes some milliseconds; a shard that is being activated,
    /// or whose silo has just died, must not hold up the others.
    /// </summary>
    public static readonly TimeSpan Patience = TimeSpan.FromMilliseconds(250);

    // Making a reference costs more than calling it.
    private readonly IKeyShardGrain?[] _shards = new IKeyShardGrain?[1 << options.Value.ShardBits];

    public ValueTask<ShardBatch<StoredValue?>> GetAsync(IReadOnlyList<NodeId> keys) =>
        AskAsync(keys, key => key, static (shard, some) => shard.GetAsync(some));

    public ValueTask<ShardBatch<StoreResult>> PutAsync(IReadOnlyList<ShardPut> puts) =>
        AskAsync(puts, put => put.Key, static (shard, some) => shard.PutAsync(some));

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
            await all.WaitAsync(Patience, time);
        }
        catch (Exception)
        {
            // Timed out, or failed: the caller then asks the shard itself, and learns why.
            _ = all.ContinueWith(
                static failed => failed.Exception,
                CancellationToken.None,
                TaskContinuationOptions.OnlyOnFaulted | TaskContinuationOptions.ExecuteSynchronously,
                TaskScheduler.Default);
        }
    }
}

/// <summary>What one shard has to do of a call to many.</summary>
internal sealed class ShardShare<TRequest, TResult>
{
    private readonly List<TRequest> _requests = [];
    private readonly List<int> _places = [];
    private Task<IReadOnlyList<TResult>>? _asked;

    /// <summary>The shard's answer, once it is asked.</summary>
    public Task Asked => _asked ?? Task.CompletedTask;

    /// <summary>Adds the request at a place of the call.</summary>
    public void Add(TRequest request, int place)
    {
        _requests.Add(request);
        _places.Add(place);
    }

    /// <summary>Asks the shard.</summary>
    public void Begin(
        IKeyShardGrain shard, Func<IKeyShardGrain, IReadOnlyList<TRequest>, ValueTask<IReadOnlyList<TResult>>> call) =>
        _asked = call(shard, _requests).AsTask();

    /// <summary>Puts the answer, if it is there, into the places; else says which have none.</summary>
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
