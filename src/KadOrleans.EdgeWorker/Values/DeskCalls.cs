using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// Routes a lane's calls to the silos. Requests for shards whose silo is known go to a desk at that silo. Others go to the lane's own desk,
/// which passes them on. Calls through one desk go to the same silo for as long as it lives. Each lane has its own desk, and changes it from
/// time to time, so restarted silos get their share again. A call without a response in time is also made through the lane's own or next
/// desk, and the first response counts. A put may run twice without harm: a shard orders puts by the time of receipt.
/// </summary>
/// <param name="call">Calls many shards through the desk with the given number.</param>
/// <param name="siloOf">The silo that a shard is on, if that is known. It may be outdated.</param>
/// <param name="silos">The desks at each silo, of all lanes.</param>
/// <param name="lane">The lane's number.</param>
/// <param name="options">The number of lanes, the hedging time, and how long a desk is used.</param>
/// <param name="time">For these times.</param>
internal sealed class DeskCalls<TItem, TResult>(
    Func<long, IReadOnlyList<TItem>, Task<ShardBatch<TResult>>> call,
    Func<long, SiloAddress?> siloOf,
    SiloDesks silos,
    long lane,
    GrainKeyStoreOptions options,
    TimeProvider time)
{
    private readonly long _lane = lane;

    // Guards the fields below.
    private readonly Lock _gate = new();
    private long _desk = lane;
    private long _since = time.GetTimestamp();

    /// <summary>Makes the calls for some requests, and completes when all of them have.</summary>
    /// <returns>The results in the order of the requests, as of one call.</returns>
    public async Task<ShardBatch<TResult>> AskAsync(IReadOnlyList<ShardRequest<TItem, TResult>> requests)
    {
        var parts = Divide(requests);
        if (parts.Count == 1)
        {
            return await AskAsync(parts.Keys.Single(), [.. requests.Select(request => request.Item)]);
        }

        var answers = await Task.WhenAll(parts.Select(part => AskAsync(part.Key, [.. part.Value.Select(place => requests[place].Item)])));
        var results = new TResult[requests.Count];
        var unanswered = new List<int>();
        foreach (var (places, answer) in parts.Values.Zip(answers))
        {
            for (var i = 0; i < places.Count; i++)
            {
                results[places[i]] = answer.Results[i];
            }

            unanswered.AddRange(answer.Unanswered.Select(i => places[i]));
        }

        return new ShardBatch<TResult>(results, unanswered);
    }

    // The places of the requests for each desk.
    private Dictionary<long, List<int>> Divide(IReadOnlyList<ShardRequest<TItem, TResult>> requests)
    {
        var own = TakeDesk();
        var desks = new Dictionary<SiloAddress, long>();
        var parts = new Dictionary<long, List<int>>();
        for (var i = 0; i < requests.Count; i++)
        {
            var desk = own;
            if (siloOf(requests[i].Shard) is { } silo && !desks.TryGetValue(silo, out desk))
            {
                desk = silos.Choose(silo, own, _lane);
                desks.Add(silo, desk);
            }

            if (!parts.TryGetValue(desk, out var places))
            {
                parts.Add(desk, places = []);
            }

            places.Add(i);
        }

        return parts;
    }

    private async Task<ShardBatch<TResult>> AskAsync(long desk, IReadOnlyList<TItem> items)
    {
        var first = CallAsync(desk, items);
        await ((Task)first.WaitAsync(options.HedgeAfter, time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (first.IsCompletedSuccessfully)
        {
            return await first;
        }

        var other = Leave(desk);
        return first.IsCompleted ? await first : await FirstAnswerAsync(first, CallAsync(other, items));
    }

    private async Task<ShardBatch<TResult>> CallAsync(long desk, IReadOnlyList<TItem> items)
    {
        var batch = await call(desk, items);
        if (batch.Results.Count != items.Count)
        {
            throw new InvalidOperationException($"Shards answered {items.Count} requests with {batch.Results.Count} results.");
        }

        if (batch.Silo is { } silo)
        {
            silos.Note(desk, silo);
        }

        return batch;
    }

    private long TakeDesk()
    {
        lock (_gate)
        {
            if (time.GetElapsedTime(_since) >= options.DeskFor)
            {
                TakeNextDesk();
            }

            return _desk;
        }
    }

    /// <summary>Leaves a desk that failed or is late. Returns the one for the next try.</summary>
    private long Leave(long desk)
    {
        silos.Forget(desk);
        lock (_gate)
        {
            if (desk == _desk)
            {
                TakeNextDesk();
            }

            return _desk;
        }
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
