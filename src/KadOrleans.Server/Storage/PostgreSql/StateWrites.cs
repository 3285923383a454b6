using Npgsql;

namespace KadOrleans.Server;

// Writes the states that a silo's grains have pending in one statement, which is one transaction: they share its wait for the
// disk. Later states wait for the next one. The queue has no bound of its own, as each grain waits for its write.
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

    // Returns what writetostorage does: the new version, or for a conflict none or the old one. Fails if no statement takes it
    // within the timeout; zero is no bound. Once taken it may be written in spite of a cancellation, or of a broken connection.
    public async Task<int?> WriteAsync(StateRow row, TimeSpan timeout, CancellationToken cancellationToken)
    {
        var write = new StateWrite(row, timeout, time.GetTimestamp());
        using var registration = cancellationToken.UnsafeRegister(_ => write.TrySetCanceled(cancellationToken), null);
        lock (_gate)
        {
            _pending.Add(write);
            StartIfFree();
        }

        return await write.Task.ConfigureAwait(false);
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

        var statement = StateStatement.RunAsync(connectionString, batch);
        await statement.WaitAsync(SlowAfter, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
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
}

/// <summary>A state's write since its arrival, until its outcome is known. The first outcome counts.</summary>
internal sealed class StateWrite(StateRow row, TimeSpan timeout, long since)
    : TaskCompletionSource<int?>(TaskCreationOptions.RunContinuationsAsynchronously)
{
    public StateRow Row => row;

    /// <summary>Whether it needs no statement, as it was cancelled or has been pending for too long. In the latter case it fails.</summary>
    public bool IsOver(TimeProvider time)
    {
        if (timeout > TimeSpan.Zero && time.GetElapsedTime(since) >= timeout)
        {
            TrySetException(new NpgsqlException($"The state was not written: for {timeout.TotalSeconds:0} s, its timeout, it waited for other writes.", new TimeoutException()));
        }

        return Task.IsCompleted;
    }
}

internal static class StateStatement
{
    // Each call locks its row until the end. All silos write in the order of the keys, so none waits for one that waits for it.
    private const string Text =
        """
        SELECT state.position, written.version
        FROM unnest($1, $2, $3, $4, $5, $6, $7, $8, $9) WITH ORDINALITY
          AS state (idhash, n0, n1, typehash, type, extension, service, version, payload, position)
        CROSS JOIN LATERAL writetostorage(
          state.idhash, state.n0, state.n1, state.typehash, state.type, state.extension, state.service, state.version, state.payload)
          AS written (version)
        """;

    // Classes of SQLSTATE that undo the transaction, and may come from one of its states alone. They are wrong data, a broken constraint, a
    // conflict of transactions, a limit of the server, and an error of a function.
    private static readonly string[] OfOneState = ["22", "23", "40", "54", "P0"];

    /// <summary>Writes states and completes them. If one of them may have failed all, writes each by itself.</summary>
    public static async Task RunAsync(string connectionString, List<StateWrite> writes)
    {
        try
        {
            await using var connection = new NpgsqlConnection(connectionString);
            await connection.OpenAsync();
            try
            {
                writes.Sort((first, second) => first.Row.Key.CompareTo(second.Row.Key));
                await WriteAsync(connection, writes);
            }
            catch (PostgresException exception) when (writes.Count > 1 && IsOfOneState(exception))
            {
                await WriteEachAsync(connection, writes);
            }
        }
        catch (Exception exception)
        {
            // Those that have an outcome keep it.
            writes.ForEach(write => write.TrySetException(exception));
        }
    }

    private static async Task WriteEachAsync(NpgsqlConnection connection, List<StateWrite> writes)
    {
        foreach (var write in writes)
        {
            try
            {
                await WriteAsync(connection, [write]);
            }
            catch (PostgresException exception) when (IsOfOneState(exception))
            {
                write.TrySetException(exception);
            }
        }
    }

    private static bool IsOfOneState(PostgresException exception) =>
        OfOneState.Any(start => exception.SqlState.StartsWith(start, StringComparison.Ordinal));

    private static async Task WriteAsync(NpgsqlConnection connection, List<StateWrite> writes)
    {
        await using var command = new NpgsqlCommand(Text, connection);
        Add(command, writes, row => row.Key.GrainIdHash);
        Add(command, writes, row => row.Key.GrainIdN0);
        Add(command, writes, row => row.Key.GrainIdN1);
        Add(command, writes, row => row.Key.GrainTypeHash);
        Add(command, writes, row => row.Key.GrainType);
        Add(command, writes, row => row.Key.GrainIdExtension);
        Add(command, writes, row => row.Key.ServiceId);
        Add(command, writes, row => row.Version);
        Add(command, writes, row => row.Payload);

        // Once for each connection. Otherwise the database would plan the statement anew for every few states.
        await command.PrepareAsync();
        var versions = new int?[writes.Count];
        await using (var reader = await command.ExecuteReaderAsync())
        {
            do
            {
                while (await reader.ReadAsync())
                {
                    versions[reader.GetInt64(0) - 1] = await reader.IsDBNullAsync(1) ? null : reader.GetInt32(1);
                }
            }
            while (await reader.NextResultAsync());
        }

        // Rows come before the commit, and the end of the results after it.
        for (var i = 0; i < versions.Length; i++)
        {
            writes[i].TrySetResult(versions[i]);
        }
    }

    private static void Add<T>(NpgsqlCommand command, List<StateWrite> writes, Func<StateRow, T> field) =>
        command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. writes.Select(write => field(write.Row))] });
}

/// <summary>A state as Orleans' provider writes it, and the version that it replaces. Null: it is the first.</summary>
internal sealed record StateRow(StateKey Key, int? Version, byte[] Payload)
{
    public static StateRow Of(NpgsqlParameterCollection parameters)
    {
        return new StateRow(
            new StateKey(
                Value<int>("GrainIdHash"), Value<long>("GrainIdN0"), Value<long>("GrainIdN1"), Value<int>("GrainTypeHash"),
                Value<string>("GrainTypeString")!, Value<string>("GrainIdExtensionString"), Value<string>("ServiceId")!),
            Value<int?>("GrainStateVersion"), Value<byte[]>("PayloadBinary")!);

        T? Value<T>(string name) => parameters[name].Value is T value ? value : default;
    }
}

internal readonly record struct StateKey(
    int GrainIdHash, long GrainIdN0, long GrainIdN1, int GrainTypeHash, string GrainType, string? GrainIdExtension, string ServiceId)
{
    /// <summary>The order in which all silos lock rows.</summary>
    public int CompareTo(StateKey other)
    {
        var order = (GrainIdHash, GrainTypeHash, GrainIdN0, GrainIdN1).CompareTo(
            (other.GrainIdHash, other.GrainTypeHash, other.GrainIdN0, other.GrainIdN1));
        order = order != 0 ? order : string.CompareOrdinal(GrainType, other.GrainType);
        return order != 0 ? order : string.CompareOrdinal(GrainIdExtension, other.GrainIdExtension);
    }
}
