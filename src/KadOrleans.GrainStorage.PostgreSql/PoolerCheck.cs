using System.Globalization;
using Npgsql;

namespace KadOrleans.GrainStorage.PostgreSql;

/// <summary>
/// Finds out, before the silo starts, whether prepared statements are lost on the way to PostgreSQL, where the connection string has the driver
/// prepare them: a pooler may give each transaction of a connection another session, which does not know them.
/// </summary>
internal static class PoolerCheck
{
    // The second for a session that has another statement of the name.
    private static readonly string[] Lost = [PostgresErrorCodes.InvalidSqlStatementName, PostgresErrorCodes.DuplicatePreparedStatement];

    // For each step. What takes longer, as behind a pooler whose one session is in use, says nothing of statements.
    private const int TimeoutSeconds = 3;

    // The pooler's other clients may take the session in between.
    private const int Tries = 5;

    /// <exception cref="OptionsValidationException">They are lost; the message names the setting.</exception>
    public static async Task RunAsync(string connectionString)
    {
        var connection = new NpgsqlConnectionStringBuilder(connectionString);
        var most = connection.MaxAutoPrepare;
        if (most == 0)
        {
            return;
        }

        (connection.MaxAutoPrepare, connection.Pooling, connection.Multiplexing) = (0, false, false);
        (connection.Timeout, connection.CommandTimeout) = (TimeoutSeconds, TimeoutSeconds);
        try
        {
            await TryAsync(connection.ConnectionString);
        }
        catch (PostgresException e) when (Lost.Contains(e.SqlState, StringComparer.Ordinal))
        {
            throw PostgreSqlGrainStorageOptions.Mistake(string.Create(
                CultureInfo.InvariantCulture,
                $"The connection string to PostgreSQL has Max Auto Prepare={most}, and a prepared statement was lost on the way, "
                + $"as by PgBouncer in mode transaction; without that key, or with 0, statements are not prepared."));
        }
        catch (Exception)
        {
            // Nothing is known of statements, and what else is wrong shows when the silo uses the database.
        }
    }

    // While the second connection has a transaction in the session that the first one had last, the first one gets another.
    private static async Task TryAsync(string connectionString)
    {
        await using var first = new NpgsqlConnection(connectionString);
        await using var second = new NpgsqlConnection(connectionString);
        await first.OpenAsync();
        await second.OpenAsync();
        await using var prepared = new NpgsqlCommand("SELECT 1", first);
        await prepared.PrepareAsync();
        for (var tries = 0; tries < Tries; tries++)
        {
            await using var transaction = await second.BeginTransactionAsync();
            await using var held = new NpgsqlCommand("SELECT 1", second, transaction);
            await held.ExecuteScalarAsync();
            await prepared.ExecuteScalarAsync();
        }
    }
}
