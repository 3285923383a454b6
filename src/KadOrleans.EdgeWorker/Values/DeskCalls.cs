using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// How a lane's calls go to the silos. Calls that name the same desk go through one silo for as long as that lives, so each lane
/// has a desk of its own, and another from time to time: silos that come back get their share again. A call that is late is made
/// by another desk too, and the first answer counts. A put that is executed twice does no harm: a shard judges it by when it was
/// taken in.
/// </summary>
/// <param name="call">Asks many shards through the desk of a number.</param>
/// <param name="lane">The lane's number.</param>
/// <param name="options">How many lanes there are, when a call is late, how long a desk is used.</param>
/// <param name="time">For that.</param>
internal sealed class DeskCalls<TItem, TResult>(
    Func<long, IReadOnlyList<TItem>, Task<ShardBatch<TResult>>> call, long lane, GrainKeyStoreOptions options, TimeProvider time)
{
    private long _desk = lane;
    private long _since = time.GetTimestamp();

    /// <summary>Makes a call. One is under way at a time.</summary>
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
