using Npgsql;

namespace KadOrleans.GrainStorage.PostgreSql;

/// <summary>Writes many states in one statement, which is one transaction.</summary>
/// <remarks>
/// It is not prepared: behind PgBouncer in transaction mode the next one may run in a session that does not know it. To plan it each time
/// costs the database little, as the function's plans stay in each session.
/// </remarks>
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
    /// <remarks>
    /// If the connection ends, those without an outcome are written once more. The first statement may have been committed, or may still be:
    /// its session does not notice at once. Both ask for the version that the caller read, and the row's lock lets only one of them find it.
    /// So a state that the second statement writes was written once. One that it does not write may have been written by the first, or by
    /// somebody else: its outcome is the first one's failure, after which the caller has to read, and never a conflict.
    /// </remarks>
    public static async Task RunAsync(StateConnections connections, List<StateWrite> writes)
    {
        writes.Sort((first, second) => first.Row.Key.CompareTo(second.Row.Key));
        try
        {
            await connections.RunAsync((connection, failure) =>
                WriteAsync(connection, writes.FindAll(write => !write.Task.IsCompleted), failure));
        }
        catch (Exception exception)
        {
            // Those that have an outcome keep it.
            writes.ForEach(write => write.TrySetException(exception));
        }
    }

    private static async Task<bool> WriteAsync(NpgsqlConnection connection, List<StateWrite> writes, NpgsqlException? failure)
    {
        if (writes.Count == 0)
        {
            return true;
        }

        try
        {
            await WriteTogetherAsync(connection, writes, failure);
        }
        catch (PostgresException exception) when (IsOfOneState(exception))
        {
            if (writes.Count == 1)
            {
                writes[0].TrySetException(failure ?? exception);
                return true;
            }

            foreach (var write in writes)
            {
                await WriteAsync(connection, [write], failure);
            }
        }

        return true;
    }

    private static bool IsOfOneState(PostgresException exception) =>
        OfOneState.Any(start => exception.SqlState.StartsWith(start, StringComparison.Ordinal));

    private static async Task WriteTogetherAsync(NpgsqlConnection connection, List<StateWrite> writes, NpgsqlException? failure)
    {
        await using var command = new NpgsqlCommand(Text, connection) { CommandTimeout = writes.Max(write => write.SecondsLeft) };
        Add(command, writes, row => row.Key.GrainIdHash);
        Add(command, writes, row => row.Key.GrainIdN0);
        Add(command, writes, row => row.Key.GrainIdN1);
        Add(command, writes, row => row.Key.GrainTypeHash);
        Add(command, writes, row => row.Key.GrainType);
        Add(command, writes, row => row.Key.GrainIdExtension);
        Add(command, writes, row => row.Key.ServiceId);
        Add(command, writes, row => row.Version);
        Add(command, writes, row => row.Payload);

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
            Complete(writes[i], versions[i], failure);
        }
    }

    // For a conflict the function of Orleans' scripts returns the old version, and this project's none.
    private static void Complete(StateWrite write, int? version, NpgsqlException? failure)
    {
        var isConflict = version is null || version == write.Row.Version;
        if (isConflict && failure is not null)
        {
            write.TrySetException(failure);
        }
        else
        {
            write.TrySetResult(isConflict ? null : version);
        }
    }

    private static void Add<T>(NpgsqlCommand command, List<StateWrite> writes, Func<StateRow, T> field) =>
        command.Parameters.Add(new NpgsqlParameter<T[]> { TypedValue = [.. writes.Select(write => field(write.Row))] });
}
