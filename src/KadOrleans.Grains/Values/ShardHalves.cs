using KadOrleans.Core;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Shards;

namespace KadOrleans.Grains.Values;

/// <summary>Calls the two halves of a shard in its place, as soon as they have everything.</summary>
/// <param name="lower">The grain of its lower half.</param>
/// <param name="upper">That of its upper one.</param>
/// <param name="border">The first key of the upper one.</param>
/// <param name="engine">Moves everything into them, if that is not done.</param>
internal sealed class ShardHalves(IKeyShardGrain lower, IKeyShardGrain upper, NodeId border, ShardEngine engine)
{
    /// <summary>The most requests that wait while the shard is being split. Further ones fail at once.</summary>
    private const int MaxWaiting = 16_384;

    private int _waiting;

    /// <summary>Makes a call for some keys, each to the half that has it.</summary>
    public async ValueTask<IReadOnlyList<TResult>> AskAsync<TRequest, TResult>(
        IReadOnlyList<TRequest> requests,
        Func<TRequest, NodeId> keyOf,
        Func<IKeyShardGrain, IReadOnlyList<TRequest>, ValueTask<IReadOnlyList<TResult>>> call)
    {
        await MoveAsync(requests.Count);
        return (await ShardCall.DivideAsync(requests, request => keyOf(request) >= border ? 1 : 0, half => half == 0 ? lower : upper, call, all => all)).Results;
    }

    /// <summary>Reads a page of keys in order: of the lower half, and if that has no more, of the upper one too.</summary>
    /// <param name="after">The key before the page; null at the start.</param>
    /// <param name="count">The most keys.</param>
    /// <param name="read">Reads a page of so many keys of one half.</param>
    public async ValueTask<IReadOnlyList<T>> ReadPageAsync<T>(
        NodeId? after, int count, Func<IKeyShardGrain, int, ValueTask<IReadOnlyList<T>>> read)
    {
        await MoveAsync();
        var page = after >= border ? [] : await read(lower, count);
        return page.Count == count ? page : [.. page, .. await read(upper, count - page.Count)];
    }

    /// <summary>Makes a call to both halves.</summary>
    public async ValueTask<(T Lower, T Upper)> AskBothAsync<T>(Func<IKeyShardGrain, ValueTask<T>> call)
    {
        await MoveAsync();
        var (one, other) = (call(lower).AsTask(), call(upper).AsTask());
        await Task.WhenAll(one, other);
        return (await one, await other);
    }

    /// <summary>Waits until the halves have everything.</summary>
    /// <param name="requests">How many requests wait for it.</param>
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
