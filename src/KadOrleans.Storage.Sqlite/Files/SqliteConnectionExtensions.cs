using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using SQLitePCL;

namespace KadOrleans.Storage.Sqlite;

/// <summary>Statements in one line each. Every text passed must be a constant: nothing here escapes.</summary>
[SuppressMessage("Security", "CA2100", Justification = "Every caller passes a constant of its assembly.")]
internal static class SqliteConnectionExtensions
{
    public static void Execute(this SqliteConnection connection, string sql, params ReadOnlySpan<SqliteParameter> parameters)
    {
        using var command = connection.CreateCommand(sql, parameters);
        command.ExecuteNonQuery();
    }

    public static long QueryInteger(this SqliteConnection connection, string sql) =>
        Convert.ToInt64(connection.QueryScalar(sql), CultureInfo.InvariantCulture);

    public static string QueryText(this SqliteConnection connection, string sql) =>
        Convert.ToString(connection.QueryScalar(sql), CultureInfo.InvariantCulture) ?? string.Empty;

    public static SqliteCommand PrepareCommand(this SqliteConnection connection, string sql, params ReadOnlySpan<SqliteParameter> parameters)
    {
        var command = connection.CreateCommand(sql, parameters);
        command.Prepare();
        return command;
    }

    /// <summary>Whether a transaction is open: some failures end it, others only their statement.</summary>
    public static bool IsInTransaction(this SqliteConnection connection) => raw.sqlite3_get_autocommit(connection.Handle) == 0;

    /// <summary>Begins a write transaction. Rolls back an earlier one that could not be rolled back when it failed.</summary>
    public static void BeginWriting(this SqliteConnection connection)
    {
        connection.RollBack();
        connection.Execute("BEGIN IMMEDIATE");
    }

    public static void Commit(this SqliteConnection connection) => connection.Execute("COMMIT");

    /// <summary>Rolls the open transaction back. SQLite may have done so itself when a statement failed.</summary>
    public static void RollBack(this SqliteConnection connection)
    {
        if (connection.IsInTransaction())
        {
            connection.Execute("ROLLBACK");
        }
    }

    /// <summary>The same after a failure, of which callers get the cause. Returns why it failed: the next transaction begins with another try.</summary>
    public static SqliteException? TryRollBack(this SqliteConnection connection)
    {
        try
        {
            connection.RollBack();
            return null;
        }
        catch (SqliteException exception)
        {
            return exception;
        }
    }

    private static object? QueryScalar(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand(sql, []);
        return command.ExecuteScalar();
    }

    private static SqliteCommand CreateCommand(this SqliteConnection connection, string sql, ReadOnlySpan<SqliteParameter> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        return command;
    }

    public static sqlite3_stmt Prepare(this sqlite3 database, string sql)
    {
        database.Check(raw.sqlite3_prepare_v2(database, sql, out var statement));
        return statement;
    }

    /// <summary>Runs such a statement that returns no row. Its bindings are cleared.</summary>
    public static void Run(this sqlite3 database, sqlite3_stmt statement)
    {
        // The reset lets the transaction end after a failure, and returns the failure's code again.
        var result = raw.sqlite3_step(statement);
        raw.sqlite3_reset(statement);
        raw.sqlite3_clear_bindings(statement);
        database.Check(result == raw.SQLITE_DONE ? raw.SQLITE_OK : result);
    }

    public static void Check(this sqlite3 database, int result) => SqliteException.ThrowExceptionForRC(result, database);
}
