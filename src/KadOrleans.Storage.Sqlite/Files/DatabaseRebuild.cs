using SQLitePCL;

namespace KadOrleans.Storage.Sqlite;

// Rebuilds a database whose structure is damaged. Copies what can be read to a new file, which takes its place. The damaged one
// is kept beside it. A crash leaves the damaged file unchanged, or a complete copy, which the next start puts in its place.
internal static class DatabaseRebuild
{
    /// <summary>The word in the names of damaged files.</summary>
    public const string Aside = "damaged";

    /// <summary>Whether a failure to open means that the structure is damaged, so that a copy may help.</summary>
    public static bool CanHelp(Exception failure) => failure
        is DamagedDatabaseException
        or SqliteException { SqliteErrorCode: raw.SQLITE_CORRUPT };

    /// <summary>Completes a rebuild that a crash interrupted after the copy was complete.</summary>
    public static void Finish(DataFolder folder)
    {
        if (File.Exists(PathOf(folder)))
        {
            PutInPlace(folder, folder.NextSpareName(Aside));
        }
    }

    /// <summary>Rebuilds the database. Returns where the damaged file is, and what could not be read of it, as a part of a sentence.</summary>
    public static (string Aside, string Missing) Run(DataFolder folder)
    {
        var aside = folder.NextSpareName(Aside);
        var partial = PathOf(folder) + ".partial";
        File.Delete(partial);
        File.Delete(partial + "-journal");
        var missing = Copy(folder, partial);
        File.Move(partial, PathOf(folder));
        PutInPlace(folder, aside);
        return (aside, missing);
    }

    // The order matters: SQLite would take the damaged file's log for the copy's.
    private static void PutInPlace(DataFolder folder, string aside)
    {
        if (File.Exists(folder.LogPath))
        {
            File.Move(folder.LogPath, aside + "-wal");
        }

        if (File.Exists(folder.DatabasePath))
        {
            File.Move(folder.DatabasePath, aside);
        }

        File.Move(PathOf(folder), folder.DatabasePath);
    }

    private static string PathOf(DataFolder folder) => folder.DatabasePath + ".rebuilt";

    private static string Copy(DataFolder folder, string path)
    {
        using var damaged = Open(folder.DatabasePath);
        damaged.Execute("PRAGMA locking_mode = EXCLUSIVE");
        damaged.Execute("PRAGMA writable_schema = ON");
        var version = damaged.QueryInteger("PRAGMA user_version");
        if (version != folder.Kind.Version)
        {
            throw new DamagedDatabaseException($"its structure, and it is of schema {version}");
        }

        PrivateFile.Prepare(path, folder.DatabasePath);
        using var fresh = Open(path);
        fresh.Execute("PRAGMA synchronous = FULL");
        folder.Kind.Create(fresh);
        fresh.BeginWriting();
        var missing = folder.Kind.Salvage!(damaged, fresh);
        fresh.Commit();
        return missing;
    }

    private static SqliteConnection Open(string path)
    {
        var connection = new SqliteConnection(new SqliteConnectionStringBuilder { DataSource = path, Pooling = false }.ToString());
        connection.Open();
        return connection;
    }
}
