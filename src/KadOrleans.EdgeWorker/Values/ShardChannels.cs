using System.Collections.Concurrent;
using KadOrleans.EdgeWorker.Diagnostics;
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
    private readonly string _kind;
    private readonly Func<GrainId, IReadOnlyList<TItem>, Task<ShardBatch<TResult>>> _askDesk;
    private readonly Func<long, IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> _askShard;
    private readonly Func<long, GrainId?> _deskOf;
    private readonly Func<IReadOnlySet<GrainId>> _allDesks;
    private readonly GrainKeyStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ConcurrentDictionary<GrainId, ShardChannel<TItem, TResult>> _desks = new();
    private readonly ConcurrentDictionary<long, OwnChannel> _shards = new();
    private long _calls;
    private long _items;

    public ShardChannels(
        string kind,
        Func<GrainId, IReadOnlyList<TItem>, Task<ShardBatch<TResult>>> askDesk,
        Func<long, IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> askShard,
        Func<long, GrainId?> deskOf,
        Func<IReadOnlySet<GrainId>> allDesks,
        GrainKeyStoreOptions options,
        TimeProvider time,
        ILogger logger)
    {
        (_kind, _askDesk, _askShard, _deskOf, _allDesks) = (kind, askDesk, askShard, deskOf, allDesks);
        (_options, _time, _logger) = (options, time, logger);
    }

    /// <summary>The grain calls so far.</summary>
    public long Calls => Interlocked.Read(ref _calls);

    /// <summary>The requests in them.</summary>
    public long Items => Interlocked.Read(ref _items);

    /// <summary>Sends a request and waits for its outcome, at most the options' timeout. Fails at once if too many wait.</summary>
    public Task<ShardOutcome<TResult>> AskAsync(TItem item, long shard, CancellationToken cancellationToken)
    {
        var request = new ShardRequest<TItem, TResult>(item, shard, new TimeLimit(_options.Timeout, _time));
        ChannelOf(shard).Add(request);
        return cancellationToken.CanBeCanceled ? request.Task.WaitAsync(cancellationToken) : request.Task;
    }

    private ShardChannel<TItem, TResult> ChannelOf(long shard)
    {
        if (_deskOf(shard) is not { } desk || (_shards.TryGetValue(shard, out var own) && own.IsInUse))
        {
            return OwnChannelOf(shard).Channel;
        }

        return _desks.TryGetValue(desk, out var channel) ? channel : _desks.GetOrAdd(desk, Create);
    }

    private ShardChannel<TItem, TResult> Create(GrainId desk)
    {
        // Those of silos that stopped. What is pending there ends by itself.
        var known = _allDesks();
        foreach (var other in _desks.Keys.Where(other => !known.Contains(other)))
        {
            _desks.TryRemove(other, out _);
        }

        return new ShardChannel<TItem, TResult>($"the desk {desk}", requests => AskDeskAsync(desk, requests), _options, _time, _logger)
        {
            MaxCalls = _options.DeskCalls,

            // So an edge makes no more calls for being in a cluster of more silos, each with fewer requests.
            Pause = () => _options.PauseForSilo * (_allDesks().Count - 1),
        };
    }

    private OwnChannel OwnChannelOf(long shard) => _shards.GetOrAdd(shard, one => new OwnChannel(
        new ShardChannel<TItem, TResult>(GrainKeys.ShardName(one), requests => AskShardAsync(one, requests), _options, _time, _logger), _time));

    /// <summary>Calls a desk. Requests without a response in time go to their shards; the first response counts.</summary>
    private async Task<ShardBatch<TResult>> AskDeskAsync(GrainId desk, IReadOnlyList<ShardRequest<TItem, TResult>> requests)
    {
        var asked = _askDesk(desk, Count(requests));
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
        new(await _askShard(shard, Count(requests)), []);

    private TItem[] Count(IReadOnlyList<ShardRequest<TItem, TResult>> requests)
    {
        Interlocked.Increment(ref _calls);
        Interlocked.Add(ref _items, requests.Count);
        EdgeMetrics.ShardCalls.Add(1, EdgeMetrics.ShardCall(_kind));
        EdgeMetrics.ShardBatch.Record(requests.Count, EdgeMetrics.ShardCall(_kind));
        return [.. requests.Select(request => request.Item)];
    }

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

/// <summary>The outcome of a put or get: the shard's result, or why there is none.</summary>
internal readonly record struct ShardOutcome<TResult>(TResult? Result, Exception? Failure);

/// <summary>Too many requests are pending.</summary>
internal sealed class QueueFullException(string message) : Exception(message);

/// <summary>A put or a get on its way to its shard.</summary>
/// <param name="item">The put, or the key of a get.</param>
/// <param name="shard">The shard of its key.</param>
/// <param name="limit">Begins when it is made, and lasts whatever channels it passes.</param>
internal sealed class ShardRequest<TItem, TResult>(TItem item, long shard, TimeLimit limit)
    : TaskCompletionSource<ShardOutcome<TResult>>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public TItem Item => item;

    public long Shard => shard;

    public TimeSpan Left => limit.Left;

    public void Answer(TResult result) => TrySetResult(new ShardOutcome<TResult>(result, null));

    public void Fail(Exception failure) => TrySetResult(new ShardOutcome<TResult>(default, failure));
}

/// <summary>
/// A queue of requests of one kind. Requests that arrive while a call is pending share the next one, in the order of arrival. A failed
/// call is retried until its requests time out.
/// </summary>
internal sealed class ShardChannel<TItem, TResult>
{
    private readonly string _name;

    // Requests that it returns as unanswered have left the channel.
    private readonly Func<IReadOnlyList<ShardRequest<TItem, TResult>>, Task<ShardBatch<TResult>>> _call;
    private readonly GrainKeyStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly GrainCalls _calls;
    private readonly ITimer _timer;

    // Guards the fields below, and the lists of sent requests.
    private readonly Lock _gate = new();
    private readonly Queue<ShardRequest<TItem, TResult>> _waiting = new();
    private readonly List<List<ShardRequest<TItem, TResult>>> _underWay = [];
    private long? _calledAt;
    private bool _isGathering;
    private bool _isTimed;

    public ShardChannel(
        string name,
        Func<IReadOnlyList<ShardRequest<TItem, TResult>>, Task<ShardBatch<TResult>>> call,
        GrainKeyStoreOptions options,
        TimeProvider time,
        ILogger logger)
    {
        (_name, _call, _options, _time) = (name, call, options, time);
        _calls = new GrainCalls(time, logger, options.FirstBackOff, options.LongestBackOff);
        _timer = time.CreateTimer(_ => GiveUp(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>How many calls may be pending. With one, none overtakes another. Default 1.</summary>
    public int MaxCalls { get; init; } = 1;

    /// <summary>The shortest time between the beginnings of two calls. Default zero.</summary>
    public Func<TimeSpan> Pause { get; init; } = static () => TimeSpan.Zero;

    /// <summary>Queues a request. It completes within the options' timeout, and fails at once if too many wait.</summary>
    public void Add(ShardRequest<TItem, TResult> request)
    {
        lock (_gate)
        {
            if (_waiting.Count >= _options.ChannelQueue)
            {
                request.Fail(new QueueFullException($"{_options.ChannelQueue} requests are pending for {_name} already."));
                return;
            }

            _waiting.Enqueue(request);
            if (!_isTimed)
            {
                // One timer for all: they time out in the order of arrival.
                _isTimed = true;
                _timer.Change(request.Left, Timeout.InfiniteTimeSpan);
            }

            if (!TryGather())
            {
                return;
            }
        }

        // Not on the caller's thread, which receives datagrams. All its failures go to the requests.
        _ = Task.Run(RunAsync);
    }

    /// <summary>Fails the requests that timed out. Those not yet sent are never sent.</summary>
    private void GiveUp()
    {
        lock (_gate)
        {
            var next = TimeSpan.MaxValue;
            foreach (var request in _underWay.SelectMany(batch => batch).Concat(_waiting).Where(request => !request.Task.IsCompleted))
            {
                var left = request.Left;
                if (left > TimeSpan.Zero)
                {
                    next = left < next ? left : next;
                }
                else
                {
                    request.Fail(new TimeoutException($"No response within {_options.Timeout.TotalSeconds:0.###} s."));
                }
            }

            _isTimed = next < TimeSpan.MaxValue;
            if (_isTimed)
            {
                _timer.Change(next, Timeout.InfiniteTimeSpan);
            }
        }
    }

    // One call at a time gathers requests: those that arrive meanwhile are in it.
    private bool TryGather() => !_isGathering && _waiting.Count > 0 && _underWay.Count < MaxCalls && (_isGathering = true);

    private async Task RunAsync()
    {
        for (var goesOn = true; goesOn;)
        {
            var pause = _calledAt is { } calledAt ? Pause() - _time.GetElapsedTime(calledAt) : TimeSpan.Zero;
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, _time);
            }

            var batch = TakeBatch();
            var answer = await CallAsync(batch);
            lock (_gate)
            {
                _underWay.Remove(batch);
                goesOn = TryGather();
            }

            var unanswered = answer.Unanswered.ToHashSet();
            for (var i = 0; i < batch.Count; i++)
            {
                if (!unanswered.Contains(i))
                {
                    batch[i].Answer(answer.Results[i]);
                }
            }
        }
    }

    private List<ShardRequest<TItem, TResult>> TakeBatch()
    {
        var batch = new List<ShardRequest<TItem, TResult>>();
        lock (_gate)
        {
            while (batch.Count < _options.MaxBatch && _waiting.TryDequeue(out var request))
            {
                if (!request.Task.IsCompleted)
                {
                    batch.Add(request);
                }
            }

            _underWay.Add(batch);
            (_isGathering, _calledAt) = (false, _time.GetTimestamp());
            if (TryGather())
            {
                _ = Task.Run(RunAsync);
            }
        }

        return batch;
    }

    /// <summary>The response to a batch. Without one the batch is empty: all its requests timed out.</summary>
    private async Task<ShardBatch<TResult>> CallAsync(List<ShardRequest<TItem, TResult>> batch)
    {
        BackOff? pauses = null;
        while (batch.Count > 0)
        {
            TimeSpan pause;
            try
            {
                var answer = await _call(batch);
                return answer.Results.Count == batch.Count && answer.Unanswered is not null
                    ? answer
                    : throw new InvalidOperationException($"{_name} answered {batch.Count} requests with {answer.Results.Count} results.");
            }
            catch (Exception e) when (GrainCalls.IsTransient(e))
            {
                pause = _calls.Retry(_name, pauses ??= _calls.Pauses(), e);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                batch.ForEach(request => request.Fail(e));
                pause = TimeSpan.Zero;
            }

            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, _time);
            }

            lock (_gate)
            {
                batch.RemoveAll(request => request.Task.IsCompleted);
            }
        }

        return new ShardBatch<TResult>([], []);
    }
}
