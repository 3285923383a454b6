namespace KadOrleans.Shards;

/// <summary>
/// Bounds how many shards of a silo load at once, in the order in which they were asked. Without a bound all of them share processor and
/// storage after a start, and each is there only when the last one is.
/// </summary>
internal sealed class LoadTurns
{
    /// <summary>Enough to keep storage busy that is a network away, and few beside a hundred shards.</summary>
    public const int AtOnce = 8;

    // Guards the other fields.
    private readonly Lock _gate = new();
    private readonly Queue<TaskCompletionSource> _waiting = [];
    private TaskCompletionSource? _quiet;
    private int _loading;

    /// <summary>Loads a shard when it is its turn.</summary>
    /// <param name="load">Must not wait for another shard.</param>
    public async Task RunAsync(Func<Task> load)
    {
        await EnterAsync();
        try
        {
            await load();
        }
        finally
        {
            Leave();
        }
    }

    /// <summary>Waits until no shard loads: who only fills idle time does not delay those that are asked.</summary>
    public Task WhenQuietAsync(CancellationToken cancellationToken)
    {
        lock (_gate)
        {
            return _loading == 0
                ? Task.CompletedTask
                : (_quiet ??= new TaskCompletionSource(TaskCreationOptions.RunContinuationsAsynchronously)).Task.WaitAsync(cancellationToken);
        }
    }

    private Task EnterAsync()
    {
        lock (_gate)
        {
            if (_loading < AtOnce)
            {
                _loading++;
                return Task.CompletedTask;
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
            // The place passes on.
            if (_waiting.TryDequeue(out var next))
            {
                next.SetResult();
                return;
            }

            if (--_loading == 0)
            {
                _quiet?.SetResult();
                _quiet = null;
            }
        }
    }
}
