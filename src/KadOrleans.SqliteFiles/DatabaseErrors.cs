using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KadOrleans.SqliteFiles;

/// <summary>The errors for people: one sentence with the place, the fault and the remedy.</summary>
internal static class DatabaseErrors
{
    public static Exception FolderUnusable(string folder, DatabaseKind kind, Exception cause) => kind.Fault(
        $"The data folder '{folder}' cannot be created or entered ({Reason(cause)}); choose a folder that this user may write to{kind.FolderSetting}.",
        cause);

    public static Exception InUse(DataFolder folder, Exception? cause = null) => folder.Kind.Fault(
        $"The data folder '{folder.Path}' is in use by another {folder.Kind.Owner}; stop that {folder.Kind.Owner} or {Elsewhere(folder)}.",
        cause);

    public static Exception Unreachable(DataFolder folder, Exception cause) => folder.Kind.Fault(
        $"'{folder.DatabasePath}' cannot be opened ({Reason(cause)}); check that this user may read and write it and its folder.",
        cause);

    public static Exception ReadOnly(DataFolder folder) => folder.Kind.Fault(
        $"'{folder.DatabasePath}' can be read but not written; give this user write permission or {Elsewhere(folder)}.", null);

    public static Exception NotADatabase(DataFolder folder) => folder.Kind.Fault(
        $"'{folder.DatabasePath}' is not an SQLite database; move it away or {Elsewhere(folder)}.", null);

    public static Exception Foreign(DataFolder folder, int applicationId) => folder.Kind.Fault(
        string.Create(
            CultureInfo.InvariantCulture,
            $"'{folder.DatabasePath}' is the database of another application (id {applicationId:X8}); move it away or {Elsewhere(folder)}."),
        null);

    public static Exception Newer(DataFolder folder, int version) => folder.Kind.Fault(
        string.Create(
            CultureInfo.InvariantCulture,
            $"'{folder.DatabasePath}' was written by a newer release (schema {version}, this one knows {folder.Kind.Version}); run that release or {Elsewhere(folder)}."),
        null);

    public static Exception Older(DataFolder folder, int version) => folder.Kind.Fault(
        string.Create(
            CultureInfo.InvariantCulture,
            $"'{folder.DatabasePath}' was written by a build before the first release (schema {version}, this one knows {folder.Kind.Version}); export it with that build, or {Elsewhere(folder)}."),
        null);

    public static Exception Damaged(DataFolder folder, string what, Exception? cause = null) => folder.Kind.Fault(
        $"'{folder.DatabasePath}' is damaged ({what}); restore it from a backup, or move it away to {folder.Kind.FreshStart}.",
        new DamagedDatabaseException(what, cause));

    public static Exception OrphanedLog(DataFolder folder) => folder.Kind.Fault(
        $"'{folder.LogPath}' holds changes of a database that is missing beside it; put '{folder.Kind.FileName}' back or move this file away too.",
        null);

    public static Exception Unreadable(DataFolder folder, Exception cause) => folder.Kind.Fault(
        $"'{folder.DatabasePath}' cannot be read ({Reason(cause)}); check the disk's health.", cause);

    public static Exception Unwritable(DataFolder folder, Exception cause) => folder.Kind.Fault(
        $"'{folder.DatabasePath}' cannot be written ({Reason(cause)}); check the disk's free space and health.", cause);

    public static Exception Displaced(DataFolder folder, string path) => folder.Kind.Fault(
        $"'{path}' was removed or replaced while the {folder.Kind.Owner} had it open; restart the {folder.Kind.Owner}.", null);

    /// <summary>The sentence for a fault that SQLite reported while opening.</summary>
    public static Exception From(DataFolder folder, SqliteException fault) => fault.SqliteErrorCode switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => InUse(folder, fault),
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => Damaged(folder, Reason(fault), fault),
        raw.SQLITE_ERROR => Damaged(folder, folder.Kind.AlteredLayout, fault),
        _ => Unreachable(folder, fault),
    };

    /// <summary>A message as a part of a sentence: one line, without the full stop.</summary>
    public static string Phrase(string message) => message.ReplaceLineEndings(" ").TrimEnd('.', ' ');

    /// <summary>An exception's message, as a part of a sentence.</summary>
    public static string Reason(Exception fault) => Phrase(
        fault is SqliteException sqlite ? raw.sqlite3_errstr(sqlite.SqliteExtendedErrorCode).utf8_to_string() : fault.Message);

    private static string Elsewhere(DataFolder folder) => $"choose another data folder{folder.Kind.FolderSetting}";
}

/// <summary>
/// A database's structure or content is damaged. It is the inner exception of the one that <see cref="DatabaseKind.Fault"/> creates.
/// </summary>
internal sealed class DamagedDatabaseException : Exception
{
    /// <summary>Creates the exception.</summary>
    /// <param name="what">What is damaged, as a part of a sentence.</param>
    /// <param name="cause">The inner exception, if any.</param>
    public DamagedDatabaseException(string what, Exception? cause = null)
        : base(what, cause)
    {
    }
}
