using KadOrleans.Shards;

namespace KadOrleans.Grains;

/// <summary>Calls the two halves of a shard in its place, as soon as they have everything.</summary>
internal sealed class ShardHalves(IKeyShardGrain lower, IKeyShardGrain upper, NodeId border, ShardEngine engine)
{
    /// <summary>The most requests that wait while the shard is being split. Further ones fail at once.</summary>
    private const int MaxWaiting = 16_384;

    private int _waiting;

    public async ValueTask<IReadOnlyList<TResult>> AskAsync<TRequest, TResult>(
        IReadOnlyList<TRequest> requests,
        Func<TRequest, NodeId> keyOf,
        Func<IKeyShardGrain, IReadOnlyList<TRequest>, ValueTask<IReadOnlyList<TResult>>> call)
    {
        await MoveAsync(requests.Count);
        return (await ShardCall.DivideAsync(requests, request => keyOf(request) >= border ? 1 : 0, half => half == 0 ? lower : upper, call, all => all)).Results;
    }

    /// <summary>Reads a page of keys in order: of the lower half, and if that has no more, of the upper one too.</summary>
    public async ValueTask<IReadOnlyList<T>> ReadPageAsync<T>(
        NodeId? after, int count, Func<IKeyShardGrain, int, ValueTask<IReadOnlyList<T>>> read)
    {
        await MoveAsync();
        var page = after >= border ? [] : await read(lower, count);
        return page.Count == count ? page : [.. page, .. await read(upper, count - page.Count)];
    }

    public async ValueTask<T> AskBothAsync<T>(Func<IKeyShardGrain, ValueTask<T>> call, Func<T, T, T> merge)
    {
        await MoveAsync();
        var both = await Task.WhenAll(call(lower).AsTask(), call(upper).AsTask());
        return merge(both[0], both[1]);
    }

    /// <summary>Waits until the halves have everything.</summary>
    /// <exception cref="IOException">Too many wait.</exception>
    public async Task MoveAsync(int requests = 1)
    {
        if (_waiting + requests > MaxWaiting)
        {
            throw new IOException("Too many requests wait until the shard is split.");
        }

        _waiting += requests;
        try
        {
            await engine.MoveAsync();
        }
        finally
        {
            _waiting -= requests;
        }
    }
}
