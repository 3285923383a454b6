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

    // Guards _count and _drained.
    private readonly Lock _gate = new();
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

    private async Task FinishAsync(Task answer)
    {
        try
        {
            await answer;
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            metrics.Refused(RefusalReason.StorageFailed);

            // Storage that is away fails every request until it is back: they are counted, and it tells of itself.
            logger.RequestFailed(e is KeyStoreException ? LogLevel.Debug : LogLevel.Error, e);
        }

        lock (_gate)
        {
            if (--_count == 0)
            {
                _drained?.TrySetResult();
                _drained = null;
            }
        }
    }
}
