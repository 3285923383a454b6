using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KadOrleans.Silo.Storage;

/// <summary>What a person is told: one sentence with the place, the fault and the way out.</summary>
internal static class GrainDatabaseErrors
{
    public static GrainDatabaseException FolderUnusable(string folder, Exception cause) => new(
        $"The data folder '{folder}' cannot be created or entered ({Reason(cause)}); choose a folder that this user may write to with Kad:Data.",
        cause);

    public static GrainDatabaseException InUse(GrainFolder folder, Exception? cause = null) => new(
        $"The data folder '{folder.Path}' is in use by another silo; stop that silo or choose another folder with Kad:Data.", cause);

    public static GrainDatabaseException Unreachable(GrainFolder folder, Exception cause) => new(
        $"'{folder.DatabasePath}' cannot be opened ({Reason(cause)}); check that this user may read and write it and its folder.",
        cause);

    public static GrainDatabaseException NotADatabase(GrainFolder folder) => new(
        $"'{folder.DatabasePath}' is not an SQLite database; move it away or choose another folder with Kad:Data.");

    public static GrainDatabaseException Foreign(GrainFolder folder, int applicationId) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"'{folder.DatabasePath}' is the database of another application (id {applicationId:X8}); move it away or choose another folder with Kad:Data."));

    public static GrainDatabaseException Newer(GrainFolder folder, int version) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"'{folder.DatabasePath}' was written by a newer release (schema {version}, this one knows {GrainSchema.Version}); run that release or choose another folder with Kad:Data."));

    public static GrainDatabaseException Damaged(GrainFolder folder, string what, Exception? cause = null) => new(
        $"'{folder.DatabasePath}' is damaged ({what}); restore it from a backup, or move it away to start an empty cluster.", cause);

    public static GrainDatabaseException OrphanedLog(GrainFolder folder) => new(
        $"'{folder.LogPath}' holds changes of a database that is missing beside it; put '{GrainDatabase.FileName}' back or move this file away too.");

    public static GrainDatabaseException Unreadable(string path, Exception cause) => new(
        $"'{path}' cannot be read ({Reason(cause)}); check the disk's health.", cause);

    public static GrainDatabaseException Unwritable(string path, Exception cause) => new(
        $"'{path}' cannot be written ({Reason(cause)}); check the disk's free space and health.", cause);

    public static GrainDatabaseException Closed(string path) => new($"'{path}' is closed: the silo stops.");

    /// <summary>The sentence for a fault that SQLite reported while opening.</summary>
    public static GrainDatabaseException From(GrainFolder folder, SqliteException fault) => fault.SqliteErrorCode switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => InUse(folder, fault),
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => Damaged(folder, Reason(fault), fault),
        raw.SQLITE_ERROR => Damaged(folder, "its table is missing or altered", fault),
        _ => Unreachable(folder, fault),
    };

    /// <summary>A message as a part of a sentence: in one line, without the full stop that would end it.</summary>
    public static string Phrase(string message) => message.ReplaceLineEndings(" ").TrimEnd('.', ' ');

    private static string Reason(Exception fault) => Phrase(
        fault is SqliteException sqlite ? raw.sqlite3_errstr(sqlite.SqliteExtendedErrorCode).utf8_to_string() : fault.Message);
}
