using System.Collections.Concurrent;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// The requests of one kind to all shards. A few lanes carry them, with many shards' requests in a call: a call for each datagram would
/// cost more than the datagram. A shard that does not respond within the call's timeout gets a lane of its own for a while. So the others
/// do not wait for it. A shard's requests stay in the order of arrival, unless its lane changes.
/// </summary>
internal sealed class ShardLanes<TItem, TResult>
{
    private readonly Func<long, IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> _askOne;
    private readonly Func<ShardPlaces> _places;
    private readonly GrainKeyStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ShardLane<TItem, TResult>[] _shared;
    private readonly ConcurrentDictionary<long, ApartLane> _apart = new();

    /// <param name="askMany">Calls many shards through the desk with the given number.</param>
    /// <param name="askOne">Calls one shard.</param>
    /// <param name="places">The silos that shards are on now, as far as they are known.</param>
    /// <param name="options">Lanes and timeouts.</param>
    /// <param name="time">For timeouts and pauses.</param>
    /// <param name="logger">Logs retries.</param>
    public ShardLanes(
        Func<long, IReadOnlyList<TItem>, Task<ShardBatch<TResult>>> askMany,
        Func<long, IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> askOne,
        Func<ShardPlaces> places,
        GrainKeyStoreOptions options,
        TimeProvider time,
        ILogger logger)
    {
        (_askOne, _places, _options, _time, _logger) = (askOne, places, options, time, logger);
        var silos = new SiloDesks(time);
        _shared = [.. Enumerable.Range(0, options.Lanes).Select(lane =>
        {
            var desk = new DeskCalls<TItem, TResult>(askMany, shard => places().SiloOf(shard), silos, lane, options, time);
            return new ShardLane<TItem, TResult>("the silos", requests => AskAsync(desk, requests), options, time, logger);
        })];
    }

    /// <summary>Sends a request and waits for its outcome, at most the options' timeout. Fails at once if too many wait.</summary>
    /// <param name="item">The put, or the key of a get.</param>
    /// <param name="shard">The shard of its key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<ShardOutcome<TResult>> AskAsync(TItem item, long shard, CancellationToken cancellationToken)
    {
        var request = new ShardRequest<TItem, TResult>(item, shard, _time.GetTimestamp());
        _shared[_places().LaneOf(shard, _shared.Length)].Add(request);
        return cancellationToken.CanBeCanceled ? request.Task.WaitAsync(cancellationToken) : request.Task;
    }

    /// <summary>
    /// The only place that sends a shard's requests with others or apart. It takes them in the order of arrival, and does one of the two at
    /// a time, so none overtakes another.
    /// </summary>
    private async Task<ShardBatch<TResult>> AskAsync(DeskCalls<TItem, TResult> desk, IReadOnlyList<ShardRequest<TItem, TResult>> requests)
    {
        var together = requests.Where(request => !(_apart.TryGetValue(request.Shard, out var lane) && lane.IsInUse)).ToList();

        // Before any is sent in a lane of its own: if this call fails, all of them are retried.
        var batch = together.Count > 0
            ? await desk.AskAsync(together)
            : new ShardBatch<TResult>([], []);
        return together.Count == requests.Count && batch.Unanswered.Count == 0 ? batch : PassOn(requests, together, batch);
    }

    /// <summary>Moves requests into lanes of their own: those not sent with the others, and those without a response.</summary>
    private ShardBatch<TResult> PassOn(
        IReadOnlyList<ShardRequest<TItem, TResult>> requests, List<ShardRequest<TItem, TResult>> together, ShardBatch<TResult> batch)
    {
        var unanswered = batch.Unanswered.ToHashSet();
        var results = new TResult[requests.Count];
        var passed = new List<int>();
        for (int i = 0, place = 0; i < requests.Count; i++)
        {
            var wasAsked = place < together.Count && ReferenceEquals(together[place], requests[i]);
            if (wasAsked && !unanswered.Contains(place))
            {
                results[i] = batch.Results[place];
            }
            else
            {
                passed.Add(i);
                _apart.GetOrAdd(requests[i].Shard, CreateApart).Add(requests[i], isLate: wasAsked);
            }

            place += wasAsked ? 1 : 0;
        }

        return new ShardBatch<TResult>(results, passed);
    }

    private ApartLane CreateApart(long shard) => new(
        new ShardLane<TItem, TResult>(GrainKeys.ShardName(shard), requests => AskOneAsync(shard, requests), _options, _time, _logger),
        _time,
        _options.ApartFor);

    private async Task<ShardBatch<TResult>> AskOneAsync(long shard, IReadOnlyList<ShardRequest<TItem, TResult>> requests) =>
        new(await _askOne(shard, [.. requests.Select(request => request.Item)]), []);

    /// <summary>The lane of one shard. It is in use while a request is pending, and for some time after the shard timed out.</summary>
    private sealed class ApartLane(ShardLane<TItem, TResult> lane, TimeProvider time, TimeSpan inUseFor)
    {
        private long _lateAt;

        public bool IsInUse => lane.IsBusy || time.GetElapsedTime(Volatile.Read(ref _lateAt)) < inUseFor;

        public void Add(ShardRequest<TItem, TResult> request, bool isLate)
        {
            if (isLate)
            {
                Volatile.Write(ref _lateAt, time.GetTimestamp());
            }

            lane.Add(request);
        }
    }
}
