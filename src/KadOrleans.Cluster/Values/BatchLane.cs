using KadOrleans.Cluster.Diagnostics;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cluster.Values;

/// <summary>
/// Requests of one kind that go the same way. One grain call is under way at a time; what arrives meanwhile goes out
/// together in the next, in the order of arrival. A call that did not get through is tried again for as long as
/// somebody waits for it, so no later call overtakes it.
/// </summary>
internal sealed class BatchLane<TRequest, TResult>(
    string name,
    Func<IReadOnlyList<TRequest>, Task<IReadOnlyList<TResult>>> call,
    GrainKeyStoreOptions options,
    TimeProvider time,
    ILogger logger)
{
    // Guards _waiting and _isRunning.
    private readonly Lock _gate = new();
    private readonly Queue<Entry> _waiting = new();
    private bool _isRunning;

    /// <summary>The outcome of a request, within the options' patience; a failure at once if too many wait.</summary>
    public async Task<LaneOutcome<TResult>> AskAsync(TRequest request, CancellationToken cancellationToken)
    {
        var entry = new Entry(request);
        if (!TryAdd(entry))
        {
            return LaneOutcome<TResult>.FailedBy(
                new InvalidOperationException($"{options.LaneQueue} requests wait for {name} already."));
        }

        try
        {
            return await entry.Task.WaitAsync(options.Patience, time, cancellationToken);
        }
        catch (TimeoutException e)
        {
            // Nobody waits for it any more: it is not sent if it was not yet.
            entry.TrySetResult(LaneOutcome<TResult>.FailedBy(e));
            return await entry.Task;
        }
    }

    private bool TryAdd(Entry entry)
    {
        lock (_gate)
        {
            if (_waiting.Count >= options.LaneQueue)
            {
                return false;
            }

            _waiting.Enqueue(entry);
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
            while (batch.Count < options.MaxBatch && _waiting.TryDequeue(out var entry))
            {
                if (!entry.Task.IsCompleted)
                {
                    batch.Add(entry);
                }
            }

            _isRunning = batch.Count > 0;
        }

        return batch;
    }

    private async Task SendAsync(List<Entry> batch)
    {
        for (var delay = options.FirstBackOff; batch.Count > 0; delay = GrainFailures.Next(delay, options.LongestBackOff))
        {
            try
            {
                Complete(batch, await call(batch.ConvertAll(entry => entry.Request)));
                return;
            }
            catch (Exception e) when (GrainFailures.IsTransient(e))
            {
                logger.ShardCallRetried(e, name, delay);
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                batch.ForEach(entry => entry.TrySetResult(LaneOutcome<TResult>.FailedBy(e)));
                return;
            }

            await Task.Delay(delay, time);
            batch.RemoveAll(entry => entry.Task.IsCompleted);
        }
    }

    private void Complete(List<Entry> batch, IReadOnlyList<TResult> results)
    {
        if (results.Count != batch.Count)
        {
            throw new InvalidOperationException(
                $"{name} answered {batch.Count} requests with {results.Count} results.");
        }

        for (var i = 0; i < batch.Count; i++)
        {
            batch[i].TrySetResult(LaneOutcome<TResult>.Of(results[i]));
        }
    }

    private sealed class Entry(TRequest request)
        : TaskCompletionSource<LaneOutcome<TResult>>(TaskCreationOptions.RunContinuationsAsynchronously)
    {
        public TRequest Request => request;
    }
}
