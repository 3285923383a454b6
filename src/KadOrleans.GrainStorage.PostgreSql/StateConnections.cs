using System.Net.Sockets;
using Npgsql;

namespace KadOrleans.GrainStorage.PostgreSql;

/// <summary>
/// Connections for statements on states, of the pool that Orleans' providers of members and reminders use too. A statement whose
/// connection ended is tried again, once, by a new one.
/// </summary>
internal sealed class StateConnections(string connectionString, TimeProvider time)
{
    /// <summary>After so long without an answer of the database the next connection has to answer before it is used.</summary>
    /// <remarks>
    /// Firewalls and balancers forget connections that were idle for minutes, and tell neither side. The pool gives out first the one
    /// that was idle for the longest: if that one answers, so do the others. If not, all of them are dropped.
    /// </remarks>
    public static readonly TimeSpan ProofAfter = TimeSpan.FromSeconds(1);

    /// <summary>How long it has for that.</summary>
    public static readonly TimeSpan ProofTimeout = TimeSpan.FromSeconds(2);

    private long _answeredAt;

    // The second attempt gets the first one's failure: whether the first statement was executed is unknown then, so only one that may be
    // executed twice belongs here.
    public async Task<T> RunAsync<T>(Func<NpgsqlConnection, NpgsqlException?, Task<T>> run)
    {
        try
        {
            return await TryAsync(run, null).ConfigureAwait(false);
        }
        catch (NpgsqlException failure) when (HasEnded(failure))
        {
            DropIdle();
            return await TryAsync(run, failure).ConfigureAwait(false);
        }
    }

    private async Task<T> TryAsync<T>(Func<NpgsqlConnection, NpgsqlException?, Task<T>> run, NpgsqlException? failure)
    {
        var connection = await OpenAsync().ConfigureAwait(false);
        await using (connection.ConfigureAwait(false))
        {
            var result = await run(connection, failure).ConfigureAwait(false);
            Volatile.Write(ref _answeredAt, time.GetTimestamp());
            return result;
        }
    }

    private async Task<NpgsqlConnection> OpenAsync()
    {
        var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync().ConfigureAwait(false);
        if (time.GetElapsedTime(Volatile.Read(ref _answeredAt)) < ProofAfter || await AnswersAsync(connection).ConfigureAwait(false))
        {
            return connection;
        }

        DropIdle();
        connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync().ConfigureAwait(false);
        return connection;
    }

    /// <summary>Whether a connection stands. One that does not is closed, once the driver has given it up.</summary>
    private async Task<bool> AnswersAsync(NpgsqlConnection connection)
    {
        var proof = ProveAsync(connection);
        await proof.WaitAsync(ProofTimeout, time).ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        if (proof.IsCompletedSuccessfully)
        {
            return true;
        }

        _ = CloseAsync(connection, proof);
        return false;
    }

    private static async Task ProveAsync(NpgsqlConnection connection)
    {
        var command = new NpgsqlCommand("SELECT 1", connection) { CommandTimeout = (int)ProofTimeout.TotalSeconds };
        await using (command.ConfigureAwait(false))
        {
            await command.ExecuteNonQueryAsync().ConfigureAwait(false);
        }
    }

    private static async Task CloseAsync(NpgsqlConnection connection, Task proof)
    {
        await proof.ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing);
        await connection.DisposeAsync().ConfigureAwait(false);
    }

    private void DropIdle()
    {
        using var any = new NpgsqlConnection(connectionString);
        NpgsqlConnection.ClearPool(any);
    }

    // Not a timeout: then the call's time is over too. A server that was the primary and is a standby now refuses writes.
    private static bool HasEnded(NpgsqlException failure) => failure is PostgresException { SqlState: var state }
        ? state is PostgresErrorCodes.AdminShutdown or PostgresErrorCodes.CrashShutdown or PostgresErrorCodes.CannotConnectNow
            or PostgresErrorCodes.ReadOnlySqlTransaction or "57P05"
            || state.StartsWith("08", StringComparison.Ordinal)
        : failure.InnerException is IOException or SocketException;
}
