using System.Collections.Concurrent;

namespace KadOrleans.Edge;

// The requests of one kind to all shards. Those of one silo go to its desk, many in a call. A shard is called directly while its
// silo is not known, and for a while after its desk did not respond for it. Requests may overtake others: a shard orders puts.
internal sealed class ShardChannels<TItem, TResult>(
    string kind,
    Func<GrainId, IReadOnlyList<TItem>, Task<ShardBatch<TResult>>> askDesk,
    Func<long, IReadOnlyList<TItem>, Task<IReadOnlyList<TResult>>> askShard,
    Func<long, GrainId?> deskOf,
    Func<IReadOnlySet<GrainId>> allDesks,
    GrainKeyStoreOptions options,
    TimeProvider time,
    ILogger logger)
{
    private readonly ConcurrentDictionary<GrainId, ShardChannel<TItem, TResult>> _desks = new();
    private readonly ConcurrentDictionary<long, ShardChannel<TItem, TResult>> _shards = new();

    // Timestamps of the clock.
    private readonly ConcurrentDictionary<long, long> _directUntil = new();
    private long _calls;
    private long _items;

    public long Calls => Interlocked.Read(ref _calls);

    public long Items => Interlocked.Read(ref _items);

    /// <summary>Sends a request and waits for its outcome, at most the options' timeout. Fails at once if too many wait.</summary>
    public Task<ShardOutcome<TResult>> AskAsync(TItem item, long shard, CancellationToken cancellationToken)
    {
        var request = new ShardRequest<TItem, TResult>(item, shard, new TimeLimit(options.Timeout, time));
        ChannelOf(shard).Add(request);
        return cancellationToken.CanBeCanceled ? request.Task.WaitAsync(cancellationToken) : request.Task;
    }

    private ShardChannel<TItem, TResult> ChannelOf(long shard)
    {
        if (deskOf(shard) is not { } desk || (_directUntil.TryGetValue(shard, out var until) && time.GetTimestamp() < until))
        {
            return OwnChannelOf(shard);
        }

        return _desks.TryGetValue(desk, out var channel) ? channel : _desks.GetOrAdd(desk, Create);
    }

    private ShardChannel<TItem, TResult> Create(GrainId desk)
    {
        // Removes desks of silos that stopped. What is pending there ends by itself.
        var known = allDesks();
        foreach (var other in _desks.Keys.Where(other => !known.Contains(other)))
        {
            _desks.TryRemove(other, out _);
        }

        return new ShardChannel<TItem, TResult>($"the desk {desk}", requests => AskDeskAsync(desk, requests), options, time, logger)
        {
            MaxCalls = options.DeskCalls,

            PauseAfter = sent => options.PauseAfter(sent, allDesks().Count - 1),
        };
    }

    private ShardChannel<TItem, TResult> OwnChannelOf(long shard) => _shards.GetOrAdd(shard, one => new ShardChannel<TItem, TResult>(
        GrainKeys.ShardName(one), async requests => new(await askShard(one, Count(requests)), []), options, time, logger));

    /// <summary>Calls a desk. Requests without a response in time go to their shards; the first response counts.</summary>
    private async Task<ShardBatch<TResult>> AskDeskAsync(GrainId desk, IReadOnlyList<ShardRequest<TItem, TResult>> requests)
    {
        var asked = askDesk(desk, Count(requests));
        await ((Task)asked.WaitAsync(options.HedgeAfter, time)).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (asked is { IsCompletedSuccessfully: true, Result: var batch } && batch.Results.Count == requests.Count)
        {
            PassOn(batch.Unanswered.Select(place => requests[place]));
            return batch;
        }

        _ = AnswerLateAsync(asked, [.. requests]);
        PassOn(requests);
        return new ShardBatch<TResult>(new TResult[requests.Count], [.. Enumerable.Range(0, requests.Count)]);
    }

    private void PassOn(IEnumerable<ShardRequest<TItem, TResult>> requests)
    {
        foreach (var request in requests)
        {
            _directUntil[request.Shard] = time.GetTimestamp() + (long)(GrainKeyStoreOptions.DirectFor.TotalSeconds * time.TimestampFrequency);
            OwnChannelOf(request.Shard).Add(request);
        }
    }

    private static async Task AnswerLateAsync(Task<ShardBatch<TResult>> asked, IReadOnlyList<ShardRequest<TItem, TResult>> requests)
    {
        await ((Task)asked).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (asked is { IsCompletedSuccessfully: true, Result: var batch } && batch.Results.Count == requests.Count)
        {
            ShardRequest<TItem, TResult>.Answer(requests, batch);
        }
    }

    private TItem[] Count(IReadOnlyList<ShardRequest<TItem, TResult>> requests)
    {
        Interlocked.Increment(ref _calls);
        Interlocked.Add(ref _items, requests.Count);
        EdgeMetrics.ShardCalls.Add(1, EdgeMetrics.ShardCall(kind));
        EdgeMetrics.ShardBatch.Record(requests.Count, EdgeMetrics.ShardCall(kind));
        return [.. requests.Select(request => request.Item)];
    }
}

internal readonly record struct ShardOutcome<TResult>(TResult? Result, Exception? Failure);

internal sealed class QueueFullException(string message) : Exception(message);

internal sealed class ShardRequest<TItem, TResult>(TItem item, long shard, TimeLimit limit)
    : TaskCompletionSource<ShardOutcome<TResult>>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public TItem Item => item;

    public long Shard => shard;

    public TimeSpan Left => limit.Left;

    public static void Answer(IReadOnlyList<ShardRequest<TItem, TResult>> requests, ShardBatch<TResult> batch)
    {
        var unanswered = batch.Unanswered.ToHashSet();
        for (var i = 0; i < requests.Count; i++)
        {
            if (!unanswered.Contains(i))
            {
                requests[i].TrySetResult(new ShardOutcome<TResult>(batch.Results[i], null));
            }
        }
    }

    public void Fail(Exception failure) => TrySetResult(new ShardOutcome<TResult>(default, failure));
}

// A queue of requests of one kind. Requests that arrive while a call is pending share the next one, in the order of arrival. A failed
// call is retried until its requests time out. Requests that the call returns as unanswered have left the channel.
internal sealed class ShardChannel<TItem, TResult>(
    string name,
    Func<IReadOnlyList<ShardRequest<TItem, TResult>>, Task<ShardBatch<TResult>>> call,
    GrainKeyStoreOptions options,
    TimeProvider time,
    ILogger logger)
{
    private readonly GrainCalls _calls = new(time, logger, GrainKeyStoreOptions.LongestPause);

    // Guards the fields below, and the lists of sent requests.
    private readonly Lock _gate = new();
    private readonly Queue<ShardRequest<TItem, TResult>> _waiting = new();
    private readonly List<List<ShardRequest<TItem, TResult>>> _underWay = [];
    private long? _calledAt;
    private int _sent;
    private bool _isGathering;

    private ITimer? _timer;

    // The timestamp at which the timer is due; null while no request is pending.
    private long? _dueAt;

    public int MaxCalls { get; init; } = 1;

    /// <summary>The shortest time from a call of so many requests to the next one.</summary>
    public Func<int, TimeSpan> PauseAfter { get; init; } = static _ => TimeSpan.Zero;

    /// <summary>Queues a request. It completes within the options' timeout, and fails at once if too many wait.</summary>
    public void Add(ShardRequest<TItem, TResult> request)
    {
        lock (_gate)
        {
            if (_waiting.Count >= options.ChannelQueue)
            {
                request.Fail(new QueueFullException($"{options.ChannelQueue} requests are pending for {name} already."));
                return;
            }

            _waiting.Enqueue(request);
            GiveUpAfter(request.Left);
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
            _dueAt = null;
            foreach (var request in _underWay.SelectMany(batch => batch).Concat(_waiting).Where(request => !request.Task.IsCompleted))
            {
                var left = request.Left;
                if (left > TimeSpan.Zero)
                {
                    GiveUpAfter(left);
                }
                else
                {
                    request.Fail(new TimeoutException($"No response within {options.Timeout.TotalSeconds:0.###} s."));
                }
            }
        }
    }

    // One timer for all. Most time out in the order of arrival, but one that waited in another channel before is older than those here.
    private void GiveUpAfter(TimeSpan left)
    {
        var at = time.GetTimestamp() + (long)(left.TotalSeconds * time.TimestampFrequency);
        if (_dueAt is not { } dueAt || at < dueAt)
        {
            _dueAt = at;
            _timer ??= time.CreateTimer(_ => GiveUp(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
            _timer.Change(left, Timeout.InfiniteTimeSpan);
        }
    }

    // One call at a time gathers requests: those that arrive meanwhile are in it.
    private bool TryGather() => !_isGathering && _waiting.Count > 0 && _underWay.Count < MaxCalls && (_isGathering = true);

    private async Task RunAsync()
    {
        for (var goesOn = true; goesOn;)
        {
            var pause = _calledAt is { } calledAt ? PauseAfter(_sent) - time.GetElapsedTime(calledAt) : TimeSpan.Zero;
            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, time);
            }

            var batch = TakeBatch();
            var answer = await CallAsync(batch);
            lock (_gate)
            {
                _underWay.Remove(batch);
                goesOn = TryGather();
            }

            ShardRequest<TItem, TResult>.Answer(batch, answer);
        }
    }

    private List<ShardRequest<TItem, TResult>> TakeBatch()
    {
        var batch = new List<ShardRequest<TItem, TResult>>();
        lock (_gate)
        {
            while (batch.Count < options.MaxBatch && _waiting.TryDequeue(out var request))
            {
                if (!request.Task.IsCompleted)
                {
                    batch.Add(request);
                }
            }

            _underWay.Add(batch);
            (_isGathering, _calledAt, _sent) = (false, time.GetTimestamp(), batch.Count);
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
                var answer = await call(batch);
                return answer.Results.Count == batch.Count && answer.Unanswered is not null
                    ? answer
                    : throw new InvalidOperationException($"{name} answered {batch.Count} requests with {answer.Results.Count} results.");
            }
            catch (Exception e) when (GrainCalls.IsTransient(e))
            {
                pause = _calls.Retry(name, pauses ??= _calls.Pauses(), e);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                batch.ForEach(request => request.Fail(e));
                pause = TimeSpan.Zero;
            }

            if (pause > TimeSpan.Zero)
            {
                await Task.Delay(pause, time);
            }

            lock (_gate)
            {
                batch.RemoveAll(request => request.Task.IsCompleted);
            }
        }

        return new ShardBatch<TResult>([], []);
    }
}
