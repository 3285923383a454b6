namespace KadOrleans.Shards;

/// <summary>
/// Turns at something of which a silo does only so much at once, in the order in which they were asked. Safe for several threads.
/// </summary>
internal sealed class Turns(int atOnce, int mostWaiting = int.MaxValue)
{
    // Guards the other fields.
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiting = [];
    private TaskCompletionSource? _quiet;
    private int _taken;

    /// <summary>Waits for a turn, which lasts until it is disposed of.</summary>
    /// <exception cref="IOException">Too many wait.</exception>
    public async ValueTask<Turn> TakeAsync()
    {
        await EnterAsync();
        return new Turn(this);
    }

    /// <summary>Waits until nobody has a turn: who only fills idle time does not delay those that are asked.</summary>
    public Task WhenQuietAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _taken == 0
                ? Task.CompletedTask
                : (_quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(cancellationToken);
        }
    }

    private Task EnterAsync()
    {
        lock (_gate)
        {
            if (_taken < atOnce)
            {
                _taken++;
                return Task.CompletedTask;
            }

            if (_waiting.Count >= mostWaiting)
            {
                throw new IOException($"The storage of key shards is read too slowly: {mostWaiting} reads are waiting.");
            }

            var turn = new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously);
            _waiting.Enqueue(turn);
            return turn.Task;
        }
    }

    private void Leave()
    {
        lock (_gate)
        {
            // The turn passes on.
            if (_waiting.TryDequeue(out var next))
            {
                next.SetResult();
                return;
            }

            if (--_taken == 0)
            {
                _quiet?.SetResult();
                _quiet = null;
            }
        }
    }

    public readonly struct Turn(Turns turns) : IDisposable
    {
        public void Dispose() => turns.Leave();
    }
}
