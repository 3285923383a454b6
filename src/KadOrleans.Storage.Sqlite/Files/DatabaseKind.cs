namespace KadOrleans.Storage.Sqlite;

/// <summary>A kind of database file: its marks, its layout, and the words for its faults.</summary>
internal sealed record DatabaseKind
{
    public required string FileName { get; init; }

    /// <summary>Marks a file as being of this kind (SQLite's application id).</summary>
    public required int ApplicationId { get; init; }

    /// <summary>Version of the layout, above 0. A file of another version is refused.</summary>
    public required int Version { get; init; }

    /// <summary>The statements that create the layout; they run in one transaction.</summary>
    public required string Layout { get; init; }

    /// <summary>Memory for pages of the file, in KiB. Null: SQLite's default.</summary>
    public int? CacheKiB { get; init; }

    /// <summary>Connections that only read, beside the one that writes; see <see cref="DatabaseFile.Readers"/>.</summary>
    public int Readers { get; init; }

    /// <summary>What has such a file open: "node".</summary>
    public required string Owner { get; init; }

    /// <summary>The database of another kind of process, and what has it open: a folder that has it is that one's. Null: none.</summary>
    public (string FileName, string Owner)? Other { get; init; }

    /// <summary>How to choose the data folder, after "choose another data folder": " with Kad:Data", or empty.</summary>
    public string FolderSetting { get; init; } = string.Empty;

    /// <summary>The effect of moving a damaged file away: "start without stored keys".</summary>
    public required string FreshStart { get; init; }

    // Copies what can be read of a damaged database to a new one. Returns what is missing, as a part of a sentence. Null: such a
    // database is refused.
    public Func<SqliteConnection, SqliteConnection, string>? Salvage { get; init; }

    public required Func<string, Exception?, Exception> Fault { get; init; }

    // Creates the layout in one transaction, so that a crash leaves either nothing or all of it. The switch to a write-ahead log
    // follows, as it is a write of its own.
    internal void Create(SqliteConnection connection)
    {
        connection.Execute("BEGIN EXCLUSIVE");
        connection.Execute(Layout);
        connection.Execute($"PRAGMA application_id = {ApplicationId}");
        connection.Execute($"PRAGMA user_version = {Version}");
        connection.Execute("COMMIT");
    }
}
