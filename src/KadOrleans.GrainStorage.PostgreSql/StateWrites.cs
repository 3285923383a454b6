using Npgsql;

namespace KadOrleans.GrainStorage.PostgreSql;

// Writes the states that a silo's grains have pending in one statement, which is one transaction: they share its wait for the
// disk. Later states wait for the next one. The queue has no bound of its own, as each grain waits for its write.
internal sealed class StateWrites(StateConnections connections, TimeProvider time)
{
    /// <summary>Statements at a time. Two would each have half of the states, at more processor time of silo and database.</summary>
    public const int MaxStatements = 1;

    /// <summary>A statement that takes longer is slow: another one may run in its place.</summary>
    public static readonly TimeSpan SlowAfter = TimeSpan.FromSeconds(2);

    /// <summary>Slow statements beside the others. Each has a connection, of which the driver's pool has 100 by default.</summary>
    public const int MaxSlow = 8;

    /// <summary>States in one statement. They share its failure if the connection breaks, and its wait if another session locks one.</summary>
    public const int MaxStates = 256;

    /// <summary>Bytes of states in one statement. A larger state has a statement of its own.</summary>
    public const int MaxBytes = 4 << 20;

    // Guards the fields below.
    private readonly Lock _gate = new();
    private readonly HashSet<StateKey> _underWay = [];
    private List<StateWrite> _pending = [];
    private int _running;
    private int _slow;

    // Returns the new version, or null if another write came first. NpgsqlException: it failed, or its timeout, which begins here, has
    // passed. The state may have been written if a statement had it.
    public async Task<int?> WriteAsync(StateRow row, TimeSpan timeout)
    {
        var write = new StateWrite(row, timeout, time);
        lock (_gate)
        {
            _pending.Add(write);
            StartIfFree();
        }

        try
        {
            return await write.Task.WaitAsync(timeout, time).ConfigureAwait(false);
        }
        catch (TimeoutException late)
        {
            throw GiveUp(write, timeout, late);
        }
    }

    private NpgsqlException GiveUp(StateWrite write, TimeSpan timeout, TimeoutException late)
    {
        lock (_gate)
        {
            write.TrySetCanceled();
            _pending.Remove(write);
        }

        return new NpgsqlException(
            write.IsTaken
                ? $"Whether the state was written is unknown: the database did not answer within {timeout.TotalSeconds:0} s, its timeout."
                : $"The state was not written: for {timeout.TotalSeconds:0} s, its timeout, it waited for other writes.",
            late);
    }

    // Under the lock. The statement takes its states on another thread than the caller's, which is a grain's: until then more may come.
    private void StartIfFree()
    {
        if (_pending.Count > 0 && _running - Math.Min(_slow, MaxSlow) < MaxStatements)
        {
            _running++;
            _ = Task.Run(RunAsync);
        }
    }

    // All failures go to the writes.
    private async Task RunAsync()
    {
        if (Take() is not { Count: > 0 } batch)
        {
            return;
        }

        // Its time begins before it is sent.
        using var ended = new CancellationTokenSource();
        var slowness = Task.Delay(SlowAfter, time, ended.Token);
        var statement = StateStatement.RunAsync(connections, batch);
        await Task.WhenAny(statement, slowness).ConfigureAwait(false);
        await ended.CancelAsync().ConfigureAwait(false);
        var isSlow = !statement.IsCompleted;
        if (isSlow)
        {
            lock (_gate)
            {
                _slow++;
                StartIfFree();
            }

            await statement;
        }

        lock (_gate)
        {
            _slow -= isSlow ? 1 : 0;
            _running--;
            _underWay.ExceptWith(batch.Select(write => write.Row.Key));
            StartIfFree();
        }
    }

    /// <summary>Takes the oldest writes. Without any it frees its place. A second write of a state stays pending: all would wait for the first.</summary>
    private List<StateWrite> Take()
    {
        lock (_gate)
        {
            var (taken, left) = (new List<StateWrite>(), new List<StateWrite>());
            var (bytes, isFull) = (0L, false);
            foreach (var write in _pending)
            {
                isFull |= taken.Count == MaxStates || (taken.Count > 0 && bytes + write.Row.Payload.Length > MaxBytes);
                if (isFull || !_underWay.Add(write.Row.Key))
                {
                    left.Add(write);
                    continue;
                }

                bytes += write.Row.Payload.Length;
                write.IsTaken = true;
                taken.Add(write);
            }

            _pending = left;
            _running -= taken.Count > 0 ? 0 : 1;
            return taken;
        }
    }
}
