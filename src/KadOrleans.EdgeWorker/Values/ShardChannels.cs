using System.Collections.Concurrent;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Values;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// The requests of one kind to all shards. Those for shards of one silo go to its desk, many in a call: a call for each datagram would
/// cost more than the datagram. A shard is called itself while its silo is not known, and for a while after its desk did not respond for
/// it. So the others do not wait for it. Requests may overtake others: a shard orders puts by the time of receipt.
/// </summary>
internal sealed class ShardChannels<TItem, TResult>
{
    private readonly Func<GrainId, IReadOnlyList<TItem>, Task<ShardBatch<TResult>>> _askDesk;
    private readonly Func<long, IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> _askShard;
    private readonly Func<ShardMap> _map;
    private readonly GrainKeyStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<GrainId, ShardChannel<TItem, TResult>> _desks = new();
    private readonly ConcurrentDictionary<long, OwnChannel> _shards = new();

    /// <param name="askDesk">Calls many shards through the desk of a silo.</param>
    /// <param name="askShard">Calls one shard.</param>
    /// <param name="map">The desks of shards now, as far as they are known.</param>
    /// <param name="options">Calls, pauses and timeouts.</param>
    /// <param name="time">For timeouts and pauses.</param>
    /// <param name="logger">Logs retries.</param>
    public ShardChannels(
        Func<GrainId, IReadOnlyList<TItem>, Task<ShardBatch<TResult>>> askDesk,
        Func<long, IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> askShard,
        Func<ShardMap> map,
        GrainKeyStoreOptions options,
        TimeProvider time,
        ILogger logger) =>
        (_askDesk, _askShard, _map, _options, _time, _logger) = (askDesk, askShard, map, options, time, logger);

    /// <summary>Sends a request and waits for its outcome, at most the options' timeout. Fails at once if too many wait.</summary>
    /// <param name="item">The put, or the key of a get.</param>
    /// <param name="shard">The shard of its key.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public Task<ShardOutcome<TResult>> AskAsync(TItem item, long shard, CancellationToken cancellationToken)
    {
        var request = new ShardRequest<TItem, TResult>(item, shard, _time.GetTimestamp());
        ChannelOf(shard).Add(request);
        return cancellationToken.CanBeCanceled ? request.Task.WaitAsync(cancellationToken) : request.Task;
    }

    private ShardChannel<TItem, TResult> ChannelOf(long shard)
    {
        if (_map().DeskOf(shard) is not { } desk || (_shards.TryGetValue(shard, out var own) && own.IsInUse))
        {
            return OwnChannelOf(shard).Channel;
        }

        return _desks.TryGetValue(desk, out var channel) ? channel : _desks.GetOrAdd(desk, Create);
    }

    private ShardChannel<TItem, TResult> Create(GrainId desk)
    {
        // Those of silos that stopped. What is pending there ends by itself.
        var known = _map().Desks;
        foreach (var other in _desks.Keys.Where(other => !known.Contains(other)))
        {
            _desks.TryRemove(other, out _);
        }

        return new ShardChannel<TItem, TResult>($"the desk {desk}", requests => AskDeskAsync(desk, requests), _options, _time, _logger)
        {
            MaxCalls = _options.DeskCalls,

            // So an edge makes no more calls for being in a cluster of more silos, each with fewer requests.
            Pause = () => _options.PauseForSilo * (_map().Desks.Count - 1),
        };
    }

    private OwnChannel OwnChannelOf(long shard) => _shards.GetOrAdd(shard, one => new OwnChannel(
        new ShardChannel<TItem, TResult>(GrainKeys.ShardName(one), requests => AskShardAsync(one, requests), _options, _time, _logger), _time));

    /// <summary>Calls a desk. Requests without a response in time go to their shards; the first response counts.</summary>
    private async Task<ShardBatch<TResult>> AskDeskAsync(GrainId desk, IReadOnlyList<ShardRequest<TItem, TResult>> requests)
    {
        var asked = _askDesk(desk, [.. requests.Select(request => request.Item)]);
        await ((Task)asked.WaitAsync(_options.HedgeAfter, _time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (asked is { IsCompletedSuccessfully: true, Result: var batch } && batch.Results.Count == requests.Count)
        {
            PassOn(batch.Unanswered.Select(place => requests[place]));
            return batch;
        }

        _ = TakeLateAsync(asked, [.. requests]);
        PassOn(requests);
        return new ShardBatch<TResult>(new TResult[requests.Count], [.. Enumerable.Range(0, requests.Count)]);
    }

    private void PassOn(IEnumerable<ShardRequest<TItem, TResult>> requests)
    {
        foreach (var request in requests)
        {
            var own = OwnChannelOf(request.Shard);
            own.UseFor(_options.ApartFor);
            own.Channel.Add(request);
        }
    }

    private static async Task TakeLateAsync(Task<ShardBatch<TResult>> asked, IReadOnlyList<ShardRequest<TItem, TResult>> requests)
    {
        await ((Task)asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (asked is { IsCompletedSuccessfully: true, Result: var batch } && batch.Results.Count == requests.Count)
        {
            foreach (var place in Enumerable.Range(0, requests.Count).Except(batch.Unanswered))
            {
                requests[place].Answer(batch.Results[place]);
            }
        }
    }

    private async Task<ShardBatch<TResult>> AskShardAsync(long shard, IReadOnlyList<ShardRequest<TItem, TResult>> requests) =>
        new(await _askShard(shard, [.. requests.Select(request => request.Item)]), []);

    /// <summary>The channel of one shard.</summary>
    private sealed class OwnChannel(ShardChannel<TItem, TResult> channel, TimeProvider time)
    {
        private long _until = long.MinValue;

        public ShardChannel<TItem, TResult> Channel => channel;

        /// <summary>Whether requests go here though a desk is known.</summary>
        public bool IsInUse => time.GetTimestamp() < Volatile.Read(ref _until);

        public void UseFor(TimeSpan span) =>
            Volatile.Write(ref _until, time.GetTimestamp() + (long)(span.TotalSeconds * time.TimestampFrequency));
    }
}
