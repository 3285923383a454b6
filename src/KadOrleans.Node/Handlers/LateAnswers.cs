using KadOrleans.Core.Values;
using KadOrleans.Node.Diagnostics;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Handlers;

/// <summary>
/// Requests whose answer waits for storage. Bounded, and seen through when the node stops, so that what was accepted
/// is also acknowledged.
/// </summary>
internal sealed class LateAnswers(NodeMetrics metrics, ILogger logger)
{
    /// <summary>
    /// Requests that may wait at once. Beyond it they are dropped, unanswered: the peer's patience is 5 s, and a
    /// storage that is so far behind would not keep it.
    /// </summary>
    public const int Capacity = 16_384;

    // Guards all below. Those that are idle take some 2 MB at the most, after Capacity STOREs at once.
    private readonly Lock _gate = new();
    private readonly Stack<LateStore> _idle = [];
    private TaskCompletionSource? _drained;
    private int _count;

    public bool IsFull => Volatile.Read(ref _count) >= Capacity;

    /// <summary>Sees an answer through; its failure is counted and logged, as an error unless it is the storage's.</summary>
    public void Add(Task answer)
    {
        lock (_gate)
        {
            _count++;
        }

        _ = FinishAsync(answer);
    }

    /// <summary>The same for a STORE, which is answered once it is stored.</summary>
    public void Add(ValueTask<StoreResult> stored, RequestContext context, Action<StoreResult, RequestContext> answer)
    {
        LateStore? late;
        lock (_gate)
        {
            _count++;
            _idle.TryPop(out late);
        }

        (late ?? new LateStore(this)).Wait(stored, context, answer);
    }

    /// <summary>Completes when no answer is waiting.</summary>
    public Task DrainAsync()
    {
        lock (_gate)
        {
            if (_count == 0)
            {
                return Task.CompletedTask;
            }

            _drained ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            return _drained.Task;
        }
    }

    /// <summary>Storage, or what is done with its result, failed.</summary>
    public void OnFailed(Exception failure)
    {
        metrics.Refused(RefusalReason.StorageFailed);

        // Storage that is away fails every request until it is back: they are counted, and it tells of itself.
        logger.RequestFailed(failure is KeyStoreException ? LogLevel.Debug : LogLevel.Error, failure);
    }

    /// <summary>An answer is sent or given up; what waited for it can wait for the next.</summary>
    public void OnEnded(LateStore? late)
    {
        lock (_gate)
        {
            if (late is not null)
            {
                _idle.Push(late);
            }

            if (--_count == 0)
            {
                _drained?.TrySetResult();
                _drained = null;
            }
        }
    }

    private async Task FinishAsync(Task answer)
    {
        try
        {
            await answer;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            OnFailed(e);
        }

        OnEnded(null);
    }
}
