using KadOrleans.Sqlite;

namespace KadOrleans.Silo.Storage;

/// <summary>How the file is laid out. A state may have megabytes, so its row has a rowid: the index then holds keys alone.</summary>
internal static class GrainSchema
{
    /// <summary>The file's marks, table and words.</summary>
    public static readonly DatabaseKind Kind = new()
    {
        FileName = GrainDatabase.FileName,

        // "KadG" in ASCII.
        ApplicationId = 0x4B616447,
        Version = 1,
        Layout = """
            CREATE TABLE grain_state (
                state_name TEXT NOT NULL,
                grain_id TEXT NOT NULL,
                etag INTEGER NOT NULL,
                payload BLOB,
                PRIMARY KEY (state_name, grain_id)
            );
            """,

        // A put of a small value writes a row of some 300 bytes at a place of its own.
        PageBytes = 1024,

        // The pages that shards write to next. With SQLite's own 2 MB nearly each write read one first.
        CacheKiB = 32 * 1024,
        Owner = "silo",
        FolderSetting = " with Kad:Data",
        AlteredLayout = "its table is missing or altered",
        FreshStart = "start an empty cluster",
        Fault = (message, cause) => new GrainDatabaseException(message, cause),
    };
}
