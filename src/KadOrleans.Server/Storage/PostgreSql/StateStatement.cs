using Npgsql;

namespace KadOrleans.Server;

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
