using KadOrleans.Node.Ports;
using KadOrleans.Sqlite;

namespace KadOrleans.Storage.Sqlite.Format;

/// <summary>
/// How the file is laid out. Values sit in the b-tree of their keys: they are looked up in memory, so the file needs
/// no second structure. Times are milliseconds since 1970 UTC; a source is its two numbers in 16 bytes, addresses
/// are 16 bytes of IPv6 or IPv6-mapped form, ids 20 bytes, all big-endian.
/// </summary>
internal static class DatabaseSchema
{
    /// <summary>The first version with a table of publications.</summary>
    public const int PublicationsSince = 2;

    private const string Publications = """
        CREATE TABLE publication (
            key BLOB NOT NULL PRIMARY KEY,
            published_at INTEGER NOT NULL,
            value BLOB NOT NULL
        ) WITHOUT ROWID;
        """;

    /// <summary>The file's marks, tables and words.</summary>
    public static readonly DatabaseKind Kind = new()
    {
        FileName = SqliteDatabase.FileName,

        // "KadO" in ASCII.
        ApplicationId = 0x4B61644F,
        Version = 2,
        Upgrades = [Publications],
        Layout = $"""
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
            {Publications}
            """,
        CacheKiB = 16384,
        Owner = "node",
        AlteredLayout = "a table is missing or altered",
        FreshStart = "start without stored keys",
        Fault = (message, cause) => new KeyStoreException(message, cause!),
    };
}
