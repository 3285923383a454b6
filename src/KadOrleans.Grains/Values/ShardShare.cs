using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Values;

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
