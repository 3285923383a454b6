using System.Diagnostics.CodeAnalysis;
using System.Globalization;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Silo.Storage;

/// <summary>How the file is laid out. A state may have megabytes, so its row has a rowid: the index then holds keys alone.</summary>
[SuppressMessage("Security", "CA2100", Justification = "Every caller passes a constant of this assembly.")]
internal static class GrainSchema
{
    /// <summary>Marks the file as ours: "KadG" in ASCII.</summary>
    public const int ApplicationId = 0x4B616447;

    /// <summary>Version of the layout below. A change of it needs a step that brings older files up to date.</summary>
    public const int Version = 1;

    private const string CreateTable = """
        CREATE TABLE grain_state (
            state_name TEXT NOT NULL,
            grain_id TEXT NOT NULL,
            etag INTEGER NOT NULL,
            payload BLOB,
            PRIMARY KEY (state_name, grain_id)
        );
        """;

    /// <summary>Lays an empty file out in one transaction, so that a crash leaves either nothing or all of it.</summary>
    public static void Create(SqliteConnection connection)
    {
        connection.Execute("BEGIN EXCLUSIVE");
        connection.Execute(CreateTable);
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"));
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Version}"));
        connection.Execute("COMMIT");
    }

    /// <summary>Sets the connection up for writing: a commit waits until the log is on the disk, and survives a loss of power.</summary>
    public static void Configure(SqliteConnection connection)
    {
        connection.Execute("PRAGMA journal_mode = WAL");
        connection.Execute("PRAGMA synchronous = FULL");
        connection.Execute("PRAGMA wal_autocheckpoint = 10000");
        connection.Execute("PRAGMA journal_size_limit = 67108864");
    }

    /// <summary>Refuses a file of another application or of a release to come.</summary>
    /// <exception cref="GrainDatabaseException">It is one.</exception>
    public static void CheckOwner(GrainFolder folder, int applicationId, int version)
    {
        if (applicationId != ApplicationId)
        {
            throw GrainDatabaseErrors.Foreign(folder, applicationId);
        }

        if (version != Version)
        {
            throw version > Version
                ? GrainDatabaseErrors.Newer(folder, version)
                : GrainDatabaseErrors.Damaged(folder, "its schema version is unknown");
        }
    }

    /// <summary>Runs a statement without parameters.</summary>
    public static void Execute(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        command.ExecuteNonQuery();
    }

    /// <summary>The one value that a query answers.</summary>
    public static string QueryText(this SqliteConnection connection, string sql)
    {
        using var command = connection.CreateCommand();
        command.CommandText = sql;
        return Convert.ToString(command.ExecuteScalar(), CultureInfo.InvariantCulture) ?? string.Empty;
    }

    /// <summary>The one integer that a query answers.</summary>
    public static long QueryInteger(this SqliteConnection connection, string sql) =>
        long.Parse(connection.QueryText(sql), CultureInfo.InvariantCulture);
}
