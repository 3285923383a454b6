namespace KadOrleans.Storage.Sqlite;

// The layout of the file. Values are looked up in memory, so the file has them in a log of segments, without an index. Times are
// milliseconds since 1970 UTC. A source is its two numbers in 16 bytes. An address has 16 bytes of IPv6 or IPv6-mapped form, and
// an id 20 bytes. All are big-endian.
internal static class DatabaseSchema
{
    public static string UnreadableSegment(long number) => $"segment {number} of its values is unreadable";

    public static DatabaseKind CreateKind(DamagePolicy onDamage, int readers) => new()
    {
        Salvage = onDamage == DamagePolicy.SetAside ? RowSalvage.Copy : null,
        FileName = SqliteDatabase.FileName,

        // "KadO" in ASCII.
        ApplicationId = 0x4B61644F,
        Version = 4,
        Layout = """
            CREATE TABLE segment (
                number INTEGER NOT NULL PRIMARY KEY,
                records BLOB NOT NULL
            );
            CREATE TABLE node (
                id BLOB NOT NULL
            );
            CREATE TABLE contact (
                position INTEGER NOT NULL PRIMARY KEY,
                id BLOB NOT NULL,
                address BLOB NOT NULL,
                port INTEGER NOT NULL
            );
            CREATE TABLE publication (
                key BLOB NOT NULL PRIMARY KEY,
                published_at INTEGER NOT NULL,
                value BLOB NOT NULL,
                is_pending INTEGER NOT NULL
            ) WITHOUT ROWID;
            """,
        CacheKiB = 16384,
        Readers = readers,
        Owner = "node",
        FreshStart = "start without stored keys",
        Fault = (message, cause) => new KeyStoreException(message, cause!),
    };
}
