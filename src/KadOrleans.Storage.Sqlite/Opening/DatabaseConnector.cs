using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite.Format;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KadOrleans.Storage.Sqlite.Opening;

/// <summary>Opens the database file for this process alone. Nothing is written to a file that is refused.</summary>
internal static class DatabaseConnector
{
    // The moment that another process, which is just ending, gets to give its lock up.
    private const int LockWaitSeconds = 1;

    // Of sqlite3_db_config: closing does not move the log into the database.
    private const int KeepLogOnClose = 1006;

    /// <summary>
    /// A connection to a database that is ours, whole and locked. Until <see cref="AllowWriting"/> closing it leaves
    /// the files as they were.
    /// </summary>
    /// <exception cref="KeyStoreException">Why there is none.</exception>
    public static SqliteConnection Connect(DataFolder folder)
    {
        DatabaseHeader.Check(folder);
        var hasLog = File.Exists(folder.LogPath);
        var connection = new SqliteConnection(ConnectionString(folder));
        try
        {
            connection.Open();
            if (hasLog)
            {
                SetKeepLog(connection, 1);
            }

            Prepare(connection, folder);
            return connection;
        }
        catch (SqliteException exception)
        {
            connection.Dispose();
            throw OpenErrors.From(folder, exception);
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    /// <summary>Sets the connection up for durable writes, once everything in the file was found readable.</summary>
    public static void AllowWriting(SqliteConnection connection)
    {
        SetKeepLog(connection, 0);
        DatabaseSchema.Configure(connection);
    }

    // The commands wait and retry while the file is locked; pooling would keep it open after closing.
    private static string ConnectionString(DataFolder folder) => new SqliteConnectionStringBuilder
    {
        DataSource = folder.DatabasePath,
        Mode = SqliteOpenMode.ReadWriteCreate,
        Pooling = false,
        DefaultTimeout = LockWaitSeconds,
    }.ToString();

    private static void Prepare(SqliteConnection connection, DataFolder folder)
    {
        if (raw.sqlite3_db_readonly(connection.Handle, "main") != 0)
        {
            throw OpenErrors.ReadOnly(folder);
        }

        connection.Execute("PRAGMA locking_mode = EXCLUSIVE");
        if (connection.QueryInteger("PRAGMA page_count") == 0)
        {
            DatabaseSchema.Create(connection);
        }

        // What the header says may be older than what the log says.
        DatabaseSchema.CheckOwner(
            folder,
            (int)connection.QueryInteger("PRAGMA application_id"),
            (int)connection.QueryInteger("PRAGMA user_version"));
        var verdict = connection.QueryText("PRAGMA quick_check(1)");
        if (verdict != "ok")
        {
            throw OpenErrors.Damaged(folder, OpenErrors.Phrase(verdict));
        }
    }

    private static void SetKeepLog(SqliteConnection connection, int keep) => SqliteException.ThrowExceptionForRC(
        raw.sqlite3_db_config(connection.Handle, KeepLogOnClose, keep, out _), connection.Handle);
}
