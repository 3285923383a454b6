using KadOrleans.EdgeWorker.Diagnostics;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Values;

/// <summary>
/// Requests of one kind that go the same way. One grain call is under way at a time; what arrives meanwhile goes out
/// together in the next, in the order of arrival. A call that did not get through is tried again for as long as
/// somebody waits for it, so no later call overtakes it.
/// </summary>
internal sealed class BatchLane<TRequest, TResult>
{
    private readonly string _name;
    private readonly Func<IReadOnlyList<TRequest>, Task<IReadOnlyList<TResult>>> _call;
    private readonly GrainKeyStoreOptions _options;
    private readonly TimeProvider _time;
    private readonly ILogger _logger;
    private readonly ITimer _timer;

    // Guards what follows, and the list of those under way.
    private readonly Lock _gate = new();
    private readonly Queue<Entry> _waiting = new();
    private List<Entry> _underWay = [];
    private bool _isRunning;
    private bool _isTimed;

    public BatchLane(
        string name,
        Func<IReadOnlyList<TRequest>, Task<IReadOnlyList<TResult>>> call,
        GrainKeyStoreOptions options,
        TimeProvider time,
        ILogger logger)
    {
        (_name, _call, _options, _time, _logger) = (name, call, options, time, logger);
        _timer = time.CreateTimer(_ => GiveUp(), null, Timeout.InfiniteTimeSpan, Timeout.InfiniteTimeSpan);
    }

    /// <summary>The outcome of a request, within the options' patience; a failure at once if too many wait.</summary>
    public Task<LaneOutcome<TResult>> AskAsync(TRequest request, CancellationToken cancellationToken)
    {
        var entry = new Entry(request, _time.GetTimestamp());
        if (!TryAdd(entry))
        {
            return Task.FromResult(LaneOutcome<TResult>.FailedBy(
                new InvalidOperationException($"{_options.LaneQueue} requests wait for {_name} already.")));
        }

        return cancellationToken.CanBeCanceled ? entry.Task.WaitAsync(cancellationToken) : entry.Task;
    }

    private bool TryAdd(Entry entry)
    {
        lock (_gate)
        {
            if (_waiting.Count >= _options.LaneQueue)
            {
                return false;
            }

            _waiting.Enqueue(entry);
            if (!_isTimed)
            {
                // One timer for all: their patience ends in the order of arrival.
                _isTimed = true;
                _timer.Change(_options.Patience, Timeout.InfiniteTimeSpan);
            }

            if (_isRunning)
            {
                return true;
            }

            _isRunning = true;
        }

        // Not on the caller's thread, which receives datagrams. Its failures all end in the entries.
        _ = Task.Run(RunAsync);
        return true;
    }

    /// <summary>Nobody waits any more for what is too old: it is not sent if it was not yet.</summary>
    private void GiveUp()
    {
        lock (_gate)
        {
            _isTimed = false;
            foreach (var entry in _underWay.Concat(_waiting).Where(entry => !entry.Task.IsCompleted))
            {
                var left = _options.Patience - _time.GetElapsedTime(entry.Since);
                if (left > TimeSpan.Zero)
                {
                    _isTimed = true;
                    _timer.Change(left, Timeout.InfiniteTimeSpan);
                    return;
                }

                entry.TrySetResult(LaneOutcome<TResult>.FailedBy(
                    new TimeoutException($"There was no answer within {_options.Patience.TotalSeconds:0.###} s.")));
            }
        }
    }

    private async Task RunAsync()
    {
        while (TakeBatch() is { Count: > 0 } batch)
        {
            await SendAsync(batch);
        }
    }

    private List<Entry> TakeBatch()
    {
        var batch = new List<Entry>();
        lock (_gate)
        {
            while (batch.Count < _options.MaxBatch && _waiting.TryDequeue(out var entry))
            {
                if (!entry.Task.IsCompleted)
                {
                    batch.Add(entry);
                }
            }

            _underWay = batch;
            _isRunning = batch.Count > 0;
        }

        return batch;
    }

    private async Task SendAsync(List<Entry> batch)
    {
        for (var delay = _options.FirstBackOff; batch.Count > 0; delay = GrainFailures.Next(delay, _options.LongestBackOff))
        {
            try
            {
                Complete(batch, await _call(batch.ConvertAll(entry => entry.Request)));
                return;
            }
            catch (Exception e) when (GrainFailures.IsTransient(e))
            {
                _logger.ShardCallRetried(e, _name, delay);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                batch.ForEach(entry => entry.TrySetResult(LaneOutcome<TResult>.FailedBy(e)));
                return;
            }

            await Task.Delay(delay, _time);
            lock (_gate)
            {
                batch.RemoveAll(entry => entry.Task.IsCompleted);
            }
        }
    }

    private void Complete(List<Entry> batch, IReadOnlyList<TResult> results)
    {
        if (results.Count != batch.Count)
        {
            throw new InvalidOperationException(
                $"{_name} answered {batch.Count} requests with {results.Count} results.");
        }

        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].TrySetResult(LaneOutcome<TResult>.Of(results[i]));
        }
    }

    private sealed class Entry(TRequest request, long since)
        : TaskCompletionSource<LaneOutcome<TResult>>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TRequest Request => request;

        public long Since => since;
    }
}
