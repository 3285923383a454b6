using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.Grains.Values;

/// <summary>Calls to shards: their bounds, and how a call for many shards is divided among them.</summary>
internal static class ShardCall
{
    /// <summary>The most keys, puts or shards in one call.</summary>
    public const int MaxItems = 1024;

    /// <summary>
    /// How long a call waits for the slowest of its shards. A write takes some milliseconds. A shard that is activating, or whose silo has
    /// just died, must not delay the others.
    /// </summary>
    public static readonly TimeSpan Timeout = TimeSpan.FromMilliseconds(250);

    /// <exception cref="ArgumentException">There are more than <see cref="MaxItems"/>.</exception>
    public static void CheckLength<T>(IReadOnlyList<T> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count > MaxItems)
        {
            throw new ArgumentException($"A call takes at most {MaxItems} keys, not {items.Count}.", nameof(items));
        }
    }

    /// <exception cref="ArgumentException">A page of so many keys is not 1 to <see cref="MaxItems"/>.</exception>
    public static void CheckCount(int count)
    {
        if (count is < 1 or > MaxItems)
        {
            throw new ArgumentException($"A call returns 1 to {MaxItems} keys, not {count}.", nameof(count));
        }
    }

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
