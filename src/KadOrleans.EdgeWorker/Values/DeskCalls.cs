using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// Routes a lane's calls to the silos. Calls through one desk go to the same silo for as long as it lives. Each lane has its own desk, and
/// changes it from time to time, so restarted silos get their share again. A call without a response in time is also made through another
/// desk, and the first response counts. A put may run twice without harm: a shard orders puts by the time of receipt.
/// </summary>
/// <param name="call">Calls many shards through the desk with the given number.</param>
/// <param name="lane">The lane's number.</param>
/// <param name="options">The number of lanes, the hedging time, and how long a desk is used.</param>
/// <param name="time">For these times.</param>
internal sealed class DeskCalls<TItem, TResult>(
    Func<long, IReadOnlyList<TItem>, Task<ShardBatch<TResult>>> call, long lane, GrainKeyStoreOptions options, TimeProvider time)
{
    private long _desk = lane;
    private long _since = time.GetTimestamp();

    /// <summary>Makes a call. One call may be pending at a time.</summary>
    public async Task<ShardBatch<TResult>> AskAsync(IReadOnlyList<TItem> items)
    {
        if (time.GetElapsedTime(_since) >= options.DeskFor)
        {
            TakeNextDesk();
        }

        var first = call(_desk, items);
        await ((Task)first.WaitAsync(options.HedgeAfter, time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (first.IsCompletedSuccessfully)
        {
            return await first;
        }

        TakeNextDesk();
        return first.IsCompleted ? await first : await FirstAnswerAsync(first, call(_desk, items));
    }

    private void TakeNextDesk() => (_desk, _since) = (_desk + options.Lanes, time.GetTimestamp());

    private static async Task<ShardBatch<TResult>> FirstAnswerAsync(Task<ShardBatch<TResult>> one, Task<ShardBatch<TResult>> other)
    {
        var ended = await Task.WhenAny(one, other);
        var rest = ended == one ? other : one;
        if (!ended.IsCompletedSuccessfully)
        {
            return await rest;
        }

        GrainCalls.Ignore(rest);
        return await ended;
    }
}
