using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Shards;

// Bounds how many operations of one kind run at once in a silo. The others wait, in order. Safe for several threads.
[SuppressMessage("Design", "CA1001", Justification = "Without a wait handle the semaphore has nothing to dispose of.")]
internal sealed class ConcurrencyLimit(int atOnce, int mostWaiting = int.MaxValue)
{
    private readonly SemaphoreSlim _free = new(atOnce);

    // Guards the other fields.
    private readonly Lock _gate = new();
    private TaskCompletionSource? _idle;
    private int _asked;

    // Waits for a permit, which lasts until it is disposed of. IOException: too many wait.
    public async ValueTask<Permit> AcquireAsync(CancellationToken cancellationToken = default)
    {
        lock (_gate)
        {
            if (_asked - atOnce >= mostWaiting)
            {
                throw new IOException($"The storage of key shards is read too slowly: {mostWaiting} reads are waiting.");
            }

            _asked++;
        }

        try
        {
            await _free.WaitAsync(cancellationToken);
            return new Permit(this);
        }
        catch (OperationCanceledException)
        {
            Leave();
            throw;
        }
    }

    /// <summary>Waits until no operation runs or waits: background work then delays none.</summary>
    public Task WhenIdleAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _asked == 0
                ? Task.CompletedTask
                : (_idle ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(cancellationToken);
        }
    }

    private void Release()
    {
        _free.Release();
        Leave();
    }

    private void Leave()
    {
        lock (_gate)
        {
            if (--_asked == 0)
            {
                _idle?.SetResult();
                _idle = null;
            }
        }
    }

    public readonly struct Permit(ConcurrencyLimit limit) : IDisposable
    {
        public void Dispose() => limit.Release();
    }
}
