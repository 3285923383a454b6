using System.Globalization;
using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite.Opening;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Storage.Sqlite.Format;

/// <summary>
/// How the file is laid out. Values sit in the b-tree of their keys: they are looked up in memory, so the file needs
/// no second structure. Times are milliseconds since 1970 UTC; a source is its two numbers in 16 bytes, addresses
/// are 16 bytes of IPv6 or IPv6-mapped form, ids 20 bytes, all big-endian.
/// </summary>
internal static class DatabaseSchema
{
    /// <summary>Marks the file as ours: "KadO" in ASCII.</summary>
    public const int ApplicationId = 0x4B61644F;

    /// <summary>Version of the layout below. A change of it needs a step that brings older files up to date.</summary>
    public const int Version = 1;

    private const string CreateTables = """
        CREATE TABLE stored_value (
            key BLOB NOT NULL PRIMARY KEY,
            stored_at INTEGER NOT NULL,
            expires_at INTEGER NOT NULL,
            source BLOB NOT NULL,
            value BLOB NOT NULL
        ) WITHOUT ROWID;
        CREATE TABLE node (
            id BLOB NOT NULL
        );
        CREATE TABLE contact (
            position INTEGER NOT NULL PRIMARY KEY,
            id BLOB NOT NULL,
            address BLOB NOT NULL,
            port INTEGER NOT NULL
        );
        """;

    /// <summary>
    /// Lays an empty file out in one transaction, so that a crash leaves either nothing or all of it. That is why
    /// the file becomes a write-ahead-log database only afterwards: that switch is a write of its own.
    /// </summary>
    public static void Create(SqliteConnection connection)
    {
        connection.Execute("BEGIN EXCLUSIVE");
        connection.Execute(CreateTables);
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA application_id = {ApplicationId}"));
        connection.Execute(string.Create(CultureInfo.InvariantCulture, $"PRAGMA user_version = {Version}"));
        connection.Execute("COMMIT");
    }

    /// <summary>Sets the connection up for writing.</summary>
    public static void Configure(SqliteConnection connection)
    {
        // A commit waits until the log is on the disk: FULL survives a loss of power, NORMAL would not.
        connection.Execute("PRAGMA journal_mode = WAL");
        connection.Execute("PRAGMA synchronous = FULL");

        // 40 MB of log before it is moved into the database: random keys touch a page each, and the longer the log,
        // the more of those writes meet in one page.
        connection.Execute("PRAGMA wal_autocheckpoint = 10000");
        connection.Execute("PRAGMA journal_size_limit = 67108864");
        connection.Execute("PRAGMA cache_size = -16384");
    }

    /// <summary>Refuses a file of another application or of a release to come.</summary>
    /// <exception cref="KeyStoreException">It is one.</exception>
    public static void CheckOwner(DataFolder folder, int applicationId, int version)
    {
        if (applicationId != ApplicationId)
        {
            throw OpenErrors.Foreign(folder, applicationId);
        }

        if (version > Version)
        {
            throw OpenErrors.Newer(folder, version);
        }

        if (version < Version)
        {
            throw OpenErrors.Damaged(folder, "its schema version is unknown");
        }
    }
}
