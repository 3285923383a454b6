using Npgsql;

namespace KadOrleans.GrainStorage.PostgreSql;

/// <summary>A state as the table has it. Null: there is no row, or the row has no content.</summary>
internal readonly record struct StoredState(byte[]? Payload, int? Version);

/// <summary>Reads and clears single states. A cleared one keeps its row, whose version goes on.</summary>
internal static class StateTable
{
    // As the unique index has it.
    private const string Identity =
        "serviceid = $1 AND grainidhash = $2 AND graintypehash = $3 AND grainidn0 = $4 AND grainidn1 = $5 AND graintypestring = $6 "
        + "AND coalesce(grainidextensionstring, '') = $7";

    private const string Read = $"SELECT payloadbinary, version FROM {SchemaCheck.Table} WHERE {Identity}";

    private const string Clear =
        $"UPDATE {SchemaCheck.Table} SET payloadbinary = NULL, modifiedon = now() AT TIME ZONE 'utc', version = version + 1 "
        + $"WHERE {Identity} AND version = $8 RETURNING version";

    public static async Task<StoredState> ReadAsync(NpgsqlConnection connection, StateKey key)
    {
        var command = CommandFor(Read, connection, key);
        await using (command.ConfigureAwait(false))
        {
            var reader = await command.ExecuteReaderAsync().ConfigureAwait(false);
            await using (reader.ConfigureAwait(false))
            {
                return await reader.ReadAsync().ConfigureAwait(false)
                    ? new StoredState(reader.IsDBNull(0) ? null : reader.GetFieldValue<byte[]>(0), reader.IsDBNull(1) ? null : reader.GetInt32(1))
                    : default;
            }
        }
    }

    /// <summary>Returns the version that follows, or null if the state has another version than the given one.</summary>
    public static async Task<int?> ClearAsync(NpgsqlConnection connection, StateKey key, int version)
    {
        var command = CommandFor(Clear, connection, key);
        await using (command.ConfigureAwait(false))
        {
            command.Parameters.Add(new NpgsqlParameter<int> { TypedValue = version });
            return (int?)await command.ExecuteScalarAsync().ConfigureAwait(false);
        }
    }

    private static NpgsqlCommand CommandFor(string text, NpgsqlConnection connection, StateKey key) => new(text, connection)
    {
        Parameters =
        {
            new NpgsqlParameter<string> { TypedValue = key.ServiceId },
            new NpgsqlParameter<int> { TypedValue = key.GrainIdHash },
            new NpgsqlParameter<int> { TypedValue = key.GrainTypeHash },
            new NpgsqlParameter<long> { TypedValue = key.GrainIdN0 },
            new NpgsqlParameter<long> { TypedValue = key.GrainIdN1 },
            new NpgsqlParameter<string> { TypedValue = key.GrainType },
            new NpgsqlParameter<string> { TypedValue = key.GrainIdExtension ?? string.Empty },
        },
    };
}
