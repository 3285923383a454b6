using System.Buffers.Binary;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KadOrleans.Silo.Storage;

/// <summary>Opens the file for this process alone. Nothing is written to one that is refused.</summary>
internal static class GrainConnector
{
    // The moment that another process, which is just ending, gets to give its lock up.
    private const int LockWaitSeconds = 1;

    // Of sqlite3_db_config: closing does not move the log into the database.
    private const int KeepLogOnClose = 1006;

    // Of the file's header (https://sqlite.org/fileformat2.html, 1.3).
    private const int HeaderLength = 100;
    private const int UserVersionOffset = 60;
    private const int ApplicationIdOffset = 68;

    private static ReadOnlySpan<byte> Magic => "SQLite format 3\0"u8;

    /// <summary>A connection to a database that is ours, whole and locked, set up for durable writes.</summary>
    /// <exception cref="GrainDatabaseException">The file is not such a one.</exception>
    /// <exception cref="SqliteException">SQLite cannot open it.</exception>
    public static SqliteConnection Connect(GrainFolder folder)
    {
        CheckHeader(folder);
        var hasLog = File.Exists(folder.LogPath);
        var connection = new SqliteConnection(ConnectionString(folder));
        try
        {
            connection.Open();
            SetKeepLog(connection, hasLog);
            Check(connection, folder);
            SetKeepLog(connection, false);
            GrainSchema.Configure(connection);
            return connection;
        }
        catch
        {
            connection.Dispose();
            throw;
        }
    }

    // Pooling would keep the file open after closing.
    private static string ConnectionString(GrainFolder folder) => new SqliteConnectionStringBuilder
    {
        DataSource = folder.DatabasePath,
        Mode = SqliteOpenMode.ReadWriteCreate,
        Pooling = false,
        DefaultTimeout = LockWaitSeconds,
    }.ToString();

    private static void Check(SqliteConnection connection, GrainFolder folder)
    {
        connection.Execute("PRAGMA locking_mode = EXCLUSIVE");
        if (connection.QueryInteger("PRAGMA page_count") == 0)
        {
            GrainSchema.Create(connection);
        }

        // What the header says may be older than what the log says.
        GrainSchema.CheckOwner(
            folder,
            (int)connection.QueryInteger("PRAGMA application_id"),
            (int)connection.QueryInteger("PRAGMA user_version"));
        var verdict = connection.QueryText("PRAGMA quick_check(1)");
        if (verdict != "ok")
        {
            throw GrainDatabaseErrors.Damaged(folder, GrainDatabaseErrors.Phrase(verdict));
        }
    }

    // SQLite may make files beside a database, or roll its journal back, before it can tell whose database it is.
    private static void CheckHeader(GrainFolder folder)
    {
        Span<byte> buffer = stackalloc byte[HeaderLength];
        var header = buffer[..ReadHeader(folder, buffer)];
        if (header.IsEmpty)
        {
            // SQLite would delete a log that belongs to no database, and with it what was committed there.
            if (new FileInfo(folder.LogPath) is { Exists: true, Length: > 0 })
            {
                throw GrainDatabaseErrors.OrphanedLog(folder);
            }

            return;
        }

        if (!header.StartsWith(Magic))
        {
            throw GrainDatabaseErrors.NotADatabase(folder);
        }

        if (header.Length < HeaderLength)
        {
            throw GrainDatabaseErrors.Damaged(folder, "it ends within its header");
        }

        GrainSchema.CheckOwner(
            folder,
            BinaryPrimitives.ReadInt32BigEndian(header[ApplicationIdOffset..]),
            BinaryPrimitives.ReadInt32BigEndian(header[UserVersionOffset..]));
    }

    private static int ReadHeader(GrainFolder folder, Span<byte> buffer)
    {
        try
        {
            using var stream = new FileStream(
                folder.DatabasePath, FileMode.Open, FileAccess.Read, FileShare.ReadWrite | FileShare.Delete, bufferSize: 0);
            return stream.ReadAtLeast(buffer, buffer.Length, throwOnEndOfStream: false);
        }
        catch (FileNotFoundException)
        {
            return 0;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw GrainDatabaseErrors.Unreachable(folder, exception);
        }
    }

    private static void SetKeepLog(SqliteConnection connection, bool keep) => SqliteException.ThrowExceptionForRC(
        raw.sqlite3_db_config(connection.Handle, KeepLogOnClose, keep ? 1 : 0, out _), connection.Handle);
}
