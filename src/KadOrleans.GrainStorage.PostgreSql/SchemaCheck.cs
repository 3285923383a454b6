using System.Text.RegularExpressions;
using Npgsql;

namespace KadOrleans.GrainStorage.PostgreSql;

/// <summary>Checks, before the silo starts, that PostgreSQL has Orleans' tables and the index that keeps states unique.</summary>
internal static partial class SchemaCheck
{
    public const string Missing =
        "The database lacks Orleans' tables, or part of them; apply what 'kad-server --schema' prints, as "
        + "docs/install.md#postgresql says";

    public const string Table = "orleansstorage";

    public const string Statement =
        "CREATE UNIQUE INDEX IF NOT EXISTS kad_orleansstorage_identity ON orleansstorage "
        + "(serviceid, grainidhash, graintypehash, grainidn0, grainidn1, graintypestring, coalesce(grainidextensionstring, ''));";

    private const string Extension = "grainidextensionstring";

    private static readonly string[] Needed = ["serviceid", "grainidn0", "grainidn1", "graintypestring"];

    // Hashes of the other columns. An index is valid with or without them.
    private static readonly string[] Hashes = ["grainidhash", "graintypehash"];

    private const string Tables = $"SELECT to_regclass('orleansquery') IS NOT NULL AND to_regclass('{Table}') IS NOT NULL";

    // Before version 15 pg_index has no column for nulls, which then are all distinct.
    private const string Indexes =
        "SELECT ARRAY(SELECT pg_get_indexdef(i.indexrelid, key, true) FROM generate_series(1, i.indnkeyatts) AS key), "
        + "coalesce((to_jsonb(i) ->> 'indnullsnotdistinct')::boolean, false) "
        + $"FROM pg_index AS i WHERE i.indrelid = to_regclass('{Table}') "
        + "AND i.indisunique AND i.indisvalid AND i.indpred IS NULL";

    /// <exception cref="OptionsValidationException">PostgreSQL lacks tables or the index; the message has the remedy.</exception>
    public static async Task RunAsync(string connectionString)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var tables = new NpgsqlCommand(Tables, connection);
        if (await tables.ExecuteScalarAsync() is not true)
        {
            throw PostgreSqlGrainStorageOptions.Mistake($"{Missing}.");
        }

        if (!await HasUniqueIndexAsync(connection))
        {
            throw PostgreSqlGrainStorageOptions.Mistake(
                $"The table {Table} has no unique index over the identity of a state, so two first writes of one could "
                + $"both be kept, and neither could be read; run schema.sql (docs/install.md#postgresql), or as its owner: {Statement}");
        }
    }

    private static async Task<bool> HasUniqueIndexAsync(NpgsqlConnection connection)
    {
        await using var command = new NpgsqlCommand(Indexes, connection);
        await using var reader = await command.ExecuteReaderAsync();
        while (await reader.ReadAsync())
        {
            if (IsUniqueBy(reader.GetFieldValue<string[]>(0), takesNullsAsEqual: reader.GetBoolean(1)))
            {
                return true;
            }
        }

        return false;
    }

    // Whether a valid index of these columns and expressions, as pg_get_indexdef writes them, makes exactly the identity unique.
    private static bool IsUniqueBy(string[] index, bool takesNullsAsEqual)
    {
        var keys = index.Select(key => NameOf(key, takesNullsAsEqual)).ToHashSet(StringComparer.Ordinal);
        return keys.SetEquals([.. Needed, Extension, .. Hashes.Where(keys.Contains)]);
    }

    // The column is null for states without an extension in their identity. By default nulls are all distinct.
    private static string NameOf(string key, bool takesNullsAsEqual) =>
        key == Extension && !takesNullsAsEqual ? $"{Extension} without nulls" : Coalesce().IsMatch(key) ? Extension : key;

    [GeneratedRegex("""^coalesce\(\(?grainidextensionstring\)?(::[a-z ]+)?, ''(::[a-z ]+)*\)$""", RegexOptions.IgnoreCase)]
    private static partial Regex Coalesce();
}
