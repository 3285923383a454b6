using System.Collections.Concurrent;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// The requests of one kind to all shards. They travel in a few lanes, many shards' to a call: a call for each datagram
/// would cost more than the datagram. A shard that does not answer within the call's patience is asked in a lane of
/// its own for a while, so that the others do not wait for it. The order of a shard's requests stays that of their arrival.
/// </summary>
/// <param name="shardOf">The shard of a request.</param>
/// <param name="call">Asks many shards through the desk of a number.</param>
/// <param name="callOne">Asks one.</param>
/// <param name="options">Lanes and patience.</param>
/// <param name="time">For patience and pauses.</param>
/// <param name="logger">Told of calls that are tried again.</param>
internal sealed class SharedLanes<TRequest, TResult>(
    Func<TRequest, long> shardOf,
    Func<long, IReadOnlyList<TRequest>, Task<ShardBatch<TResult>>> call,
    Func<long, IReadOnlyList<TRequest>, Task<IReadOnlyList<TResult>>> callOne,
    GrainKeyStoreOptions options,
    TimeProvider time,
    ILogger logger)
{
    private readonly BatchLane<TRequest, Reply>?[] _shared =
        new BatchLane<TRequest, Reply>?[options.Lanes];

    private readonly ConcurrentDictionary<long, ApartLane> _apart = new();

    /// <summary>The outcome of a request, within the options' patience; a failure at once if too many wait.</summary>
    public async ValueTask<LaneOutcome<TResult>> AskAsync(TRequest request, CancellationToken cancellationToken)
    {
        var outcome = await Lane(shardOf(request) % options.Lanes).AskAsync(request, cancellationToken);
        if (outcome.Failed)
        {
            return LaneOutcome<TResult>.FailedBy(outcome.Failure!);
        }

        return outcome.Result.Apart is { } apart ? await apart.WaitAsync(cancellationToken) : LaneOutcome<TResult>.Of(outcome.Result.Result!);
    }

    private BatchLane<TRequest, Reply> Lane(long index) =>
        Volatile.Read(ref _shared[index]) ?? Interlocked.CompareExchange(ref _shared[index], CreateLane(index), null) ?? _shared[index]!;

    private BatchLane<TRequest, Reply> CreateLane(long index)
    {
        var way = new LaneWay<TRequest, TResult>(call, index, options, time);
        return new BatchLane<TRequest, Reply>("the silos", requests => CallAsync(way, requests), options, time, logger);
    }

    /// <summary>Only this decides which way a request goes, in the order of arrival and for each shard in one lane: none overtakes another.</summary>
    private async Task<IReadOnlyList<Reply>> CallAsync(LaneWay<TRequest, TResult> way, IReadOnlyList<TRequest> requests)
    {
        var isApart = new bool[requests.Count];
        var together = new List<TRequest>(requests.Count);
        for (var i = 0; i < requests.Count; i++)
        {
            isApart[i] = _apart.TryGetValue(shardOf(requests[i]), out var lane) && lane.IsInUse;
            if (!isApart[i])
            {
                together.Add(requests[i]);
            }
        }

        // Before any goes out apart: if this call fails, all of them are tried again.
        var batch = together.Count > 0 ? await way.AskAsync(together) : null;
        if (batch is not null && batch.Results.Count != together.Count)
        {
            throw new InvalidOperationException($"Shards answered {together.Count} requests with {batch.Results.Count} results.");
        }

        var unanswered = batch?.Unanswered.ToHashSet() ?? [];
        var replies = new Reply[requests.Count];
        for (int i = 0, place = 0; i < requests.Count; i++)
        {
            replies[i] = isApart[i] || unanswered.Contains(place)
                ? new Reply(default, AskApartAsync(requests[i], isLate: !isApart[i]))
                : new Reply(batch!.Results[place], null);
            place += isApart[i] ? 0 : 1;
        }

        return replies;
    }

    private Task<LaneOutcome<TResult>> AskApartAsync(TRequest request, bool isLate)
    {
        var shard = shardOf(request);
        var lane = _apart.GetOrAdd(shard, key => new ApartLane(
            new BatchLane<TRequest, TResult>(GrainKeys.ShardName(key), some => callOne(key, some), options, time, logger),
            time,
            options.ApartFor));
        return lane.AskAsync(request, isLate);
    }

    /// <summary>A result, or the way on which it will come.</summary>
    private readonly record struct Reply(TResult? Result, Task<LaneOutcome<TResult>>? Apart);

    /// <summary>The lane of one shard, in use while anything of it is under way, and for some time after the shard was late.</summary>
    private sealed class ApartLane(BatchLane<TRequest, TResult> lane, TimeProvider time, TimeSpan inUseFor)
    {
        private int _underWay;
        private long _lateAt;

        public bool IsInUse => Volatile.Read(ref _underWay) > 0 || time.GetElapsedTime(Volatile.Read(ref _lateAt)) < inUseFor;

        public async Task<LaneOutcome<TResult>> AskAsync(TRequest request, bool isLate)
        {
            Interlocked.Increment(ref _underWay);
            if (isLate)
            {
                Volatile.Write(ref _lateAt, time.GetTimestamp());
            }

            try
            {
                return await lane.AskAsync(request, CancellationToken.None);
            }
            finally
            {
                Interlocked.Decrement(ref _underWay);
            }
        }
    }
}
