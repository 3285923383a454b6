using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Values;

/// <summary>One shard's part of a call to many shards.</summary>
internal sealed class ShardShare<TRequest, TResult>
{
    private readonly List<TRequest> _requests = [];
    private readonly List<int> _places = [];
    private Task<IReadOnlyList<TResult>>? _asked;

    /// <summary>Divides the requests of a call, in their order, by the shards that they go to.</summary>
    public static Dictionary<long, ShardShare<TRequest, TResult>> Divide(IReadOnlyList<TRequest> requests, Func<TRequest, long> shardOf)
    {
        var shares = new Dictionary<long, ShardShare<TRequest, TResult>>();
        for (var i = 0; i < requests.Count; i++)
        {
            var shard = shardOf(requests[i]);
            if (!shares.TryGetValue(shard, out var share))
            {
                shares.Add(shard, share = new ShardShare<TRequest, TResult>());
            }

            share.Add(requests[i], i);
        }

        return shares;
    }

    /// <summary>The pending call to the shard.</summary>
    public Task Asked => _asked ?? Task.CompletedTask;

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

    private void Add(TRequest request, int place)
    {
        _requests.Add(request);
        _places.Add(place);
    }
}
