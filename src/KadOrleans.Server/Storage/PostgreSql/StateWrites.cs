using Npgsql;

namespace KadOrleans.Server;

/// <summary>
/// Writes the states that a silo's grains have pending: all of them in one statement, which is one transaction. States that come meanwhile
/// wait for the next one. So what a transaction costs, above all the wait for the disk, is shared by as many states as there are.
/// </summary>
/// <remarks>
/// Each state has its own outcome. The queue has no bound of its own, as each grain waits for its write. A write fails if it is not in a
/// statement within its command's timeout.
/// </remarks>
internal sealed class StateWrites(string connectionString, TimeProvider time)
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

    /// <summary>Writes a state. Returns what <c>writetostorage</c> does: the new version, or for a conflict none or the old one.</summary>
    /// <param name="row">The state.</param>
    /// <param name="timeout">How long it may wait until a statement takes it. Zero is no bound.</param>
    /// <param name="cancellationToken">Ends the wait. A statement that has taken the state goes on, for the others in it.</param>
    /// <exception cref="NpgsqlException">The state was not written. If the connection broke, that is unknown.</exception>
    public async Task<int?> WriteAsync(StateRow row, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var write = new StateWrite(row, timeout, time.GetTimestamp());
        using var registration = cancellationToken.UnsafeRegister(_ => write.Cancel(cancellationToken), null);
        lock (_gate)
        {
            _pending.Add(write);
            StartIfFree();
        }

        return await write.Version.ConfigureAwait(false);
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

        var place = new Place();
        await using (time.CreateTimer(_ => TurnSlow(place), null, SlowAfter, Timeout.InfiniteTimeSpan))
        {
            await StateStatement.RunAsync(connectionString, batch);
        }

        lock (_gate)
        {
            place.IsLeft = true;
            _slow -= place.IsSlow ? 1 : 0;
            _running--;
            _underWay.ExceptWith(batch.Select(write => write.Row.Key));
            StartIfFree();
        }
    }

    private void TurnSlow(Place place)
    {
        lock (_gate)
        {
            if (!place.IsLeft)
            {
                place.IsSlow = true;
                _slow++;
                StartIfFree();
            }
        }
    }

    /// <summary>Takes the oldest writes, or leaves its place. A state under way stays: all would wait for it.</summary>
    private List<StateWrite> Take()
    {
        lock (_gate)
        {
            var (taken, left) = (new List<StateWrite>(), new List<StateWrite>());
            var (bytes, isFull) = (0L, false);
            foreach (var write in _pending.Where(write => !write.IsOver(time)))
            {
                isFull |= taken.Count == MaxStates || (taken.Count > 0 && bytes + write.Row.Payload.Length > MaxBytes);
                if (isFull || !_underWay.Add(write.Row.Key))
                {
                    left.Add(write);
                    continue;
                }

                bytes += write.Row.Payload.Length;
                taken.Add(write);
            }

            _pending = left;
            _running -= taken.Count > 0 ? 0 : 1;
            return taken;
        }
    }

    /// <summary>A statement's place among those that may run, which it leaves when it ends.</summary>
    private sealed class Place
    {
        public bool IsSlow { get; set; }

        public bool IsLeft { get; set; }
    }
}

/// <summary>A state's write, until its outcome is known. The first outcome counts.</summary>
/// <param name="row">The state.</param>
/// <param name="timeout">How long it may be pending. Zero is no bound.</param>
/// <param name="since">The timestamp of its arrival.</param>
internal sealed class StateWrite(StateRow row, TimeSpan timeout, long since)
{
    private readonly TaskCompletionSource<int?> _version = new(TaskCreationOptions.RunContinuationsAsynchronously);

    public StateRow Row => row;

    public Task<int?> Version => _version.Task;

    public void Complete(int? version) => _version.TrySetResult(version);

    public void Fail(Exception exception) => _version.TrySetException(exception);

    public void Cancel(CancellationToken cancellationToken) => _version.TrySetCanceled(cancellationToken);

    /// <summary>Whether it needs no statement, as it was cancelled or has been pending for too long. In the latter case it fails.</summary>
    public bool IsOver(TimeProvider time)
    {
        if (timeout > TimeSpan.Zero && time.GetElapsedTime(since) >= timeout)
        {
            Fail(new NpgsqlException($"The state was not written: others took the {timeout.TotalSeconds:0} s of its timeout.", new TimeoutException()));
        }

        return _version.Task.IsCompleted;
    }
}
