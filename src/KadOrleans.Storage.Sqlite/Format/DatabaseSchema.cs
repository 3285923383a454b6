using System.Globalization;
using KadOrleans.Node.Ports;
using KadOrleans.Sqlite;
using KadOrleans.Storage.Sqlite.Loading;
using KadOrleans.Storage.Sqlite.Salvage;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Storage.Sqlite.Format;

/// <summary>
/// How the file is laid out. Values are looked up in memory, so the file has them in a log of segments, without an index;
/// up to version 2 they had a row each. Times are milliseconds since 1970 UTC; a source is its two numbers in 16 bytes,
/// addresses are 16 bytes of IPv6 or IPv6-mapped form, ids 20 bytes, all big-endian.
/// </summary>
internal static class DatabaseSchema
{
    /// <summary>The first version with a table of publications.</summary>
    public const int PublicationsSince = 2;

    /// <summary>The first version with a log of segments.</summary>
    public const int SegmentsSince = 3;

    /// <summary>What <see cref="Segments.SegmentLog"/> writes.</summary>
    public const string SegmentTable = """
        CREATE TABLE segment (
            number INTEGER NOT NULL PRIMARY KEY,
            records BLOB NOT NULL
        );
        """;

    private const string Publications = """
        CREATE TABLE publication (
            key BLOB NOT NULL PRIMARY KEY,
            published_at INTEGER NOT NULL,
            value BLOB NOT NULL
        ) WITHOUT ROWID;
        """;

    /// <summary>The part of a sentence that names a damaged segment.</summary>
    public static string UnreadableSegment(long number) =>
        string.Create(CultureInfo.InvariantCulture, $"segment {number} of its values is unreadable");

    /// <summary>The file's marks, tables and words.</summary>
    /// <param name="logger">Where an upgrade that takes long says how far it is.</param>
    /// <param name="onDamage">Whether a file whose structure is damaged is rebuilt or refused.</param>
    public static DatabaseKind CreateKind(ILogger logger, DamagePolicy onDamage) => new()
    {
        Salvage = onDamage == DamagePolicy.SetAside ? RowSalvage.Copy : null,
        FileName = SqliteDatabase.FileName,

        // "KadO" in ASCII.
        ApplicationId = 0x4B61644F,
        Version = 3,
        Layout = $"""
            {SegmentTable}
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
        Upgrades = [file => file.Connection.Execute(Publications), file => new RowsToSegments(file, logger).Run()],
        CacheKiB = 16384,
        Owner = "node",
        AlteredLayout = "a table is missing or altered",
        FreshStart = "start without stored keys",
        Fault = (message, cause) => new KeyStoreException(message, cause!),
    };
}
