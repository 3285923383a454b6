using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Storage.Sqlite.Format;

/// <summary>Statements without parameters, in one line each.</summary>
[SuppressMessage("Security", "CA2100", Justification = "Every caller passes a constant of this assembly.")]
internal static class SqliteConnectionExtensions
{
    public static void Execute(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    public static long QueryInteger(this SqliteConnection connection, string sql) =>
        Convert.ToInt64(connection.QueryScalar(sql), CultureInfo.InvariantCulture);

    public static string QueryText(this SqliteConnection connection, string sql) =>
        Convert.ToString(connection.QueryScalar(sql), CultureInfo.InvariantCulture) ?? string.Empty;

    /// <summary>A command that is compiled once and run often; the caller disposes it.</summary>
    public static SqliteCommand PrepareCommand(this SqliteConnection connection, string sql, params ReadOnlySpan<SqliteParameter> parameters)
    {
        var command = connection.CreateCommand();
        command.CommandText = sql;
        foreach (var parameter in parameters)
        {
            command.Parameters.Add(parameter);
        }

        command.Prepare();
        return command;
    }

    private static object? QueryScalar(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return command.ExecuteScalar();
    }
}
