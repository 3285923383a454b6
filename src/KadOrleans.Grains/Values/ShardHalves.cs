using KadOrleans.Core;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using KadOrleans.Shards;

namespace KadOrleans.Grains.Values;

/// <summary>Calls the two halves of a shard in its place, as soon as they have everything.</summary>
/// <param name="lower">The grain of its lower half.</param>
/// <param name="upper">That of its upper one.</param>
/// <param name="shard">The shard.</param>
/// <param name="split">Moves everything into them, if that is not done.</param>
internal sealed class ShardHalves(IKeyShardGrain lower, IKeyShardGrain upper, ShardPrefix shard, Splitter split)
{
    /// <summary>The most requests that wait while the shard is being split. Further ones fail at once.</summary>
    private const int MaxWaiting = 16_384;

    private readonly NodeId _border = shard.Halves.Upper.Range.Prefix;
    private int _waiting;

    /// <summary>Makes a call for some keys, each to the half that has it.</summary>
    public async ValueTask<IReadOnlyList<TResult>> AskAsync<TRequest, TResult>(
        IReadOnlyList<TRequest> requests,
        Func<TRequest, NodeId> keyOf,
        Func<IKeyShardGrain, IReadOnlyList<TRequest>, ValueTask<IReadOnlyList<TResult>>> call)
    {
        await MoveAsync(requests.Count);
        var shares = ShardShare<TRequest, TResult>.Divide(requests, request => keyOf(request) >= _border ? 1 : 0);
        foreach (var (half, share) in shares)
        {
            share.Begin(half == 0 ? lower : upper, call);
        }

        await Task.WhenAll(shares.Values.Select(share => share.Asked));
        var results = new TResult[requests.Count];
        foreach (var share in shares.Values)
        {
            share.CopyTo(results);
        }

        return results;
    }

    /// <summary>Reads a page of keys in order: of the lower half, and if that has no more, of the upper one too.</summary>
    /// <param name="after">The key before the page; null at the start.</param>
    /// <param name="count">The most keys.</param>
    /// <param name="read">Reads a page of so many keys of one half.</param>
    public async ValueTask<IReadOnlyList<T>> ReadPageAsync<T>(
        NodeId? after, int count, Func<IKeyShardGrain, int, ValueTask<IReadOnlyList<T>>> read)
    {
        await MoveAsync();
        var page = after >= _border ? [] : await read(lower, count);
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
            await split.MoveAsync();
        }
        finally
        {
            _waiting -= requests;
        }
    }
}
