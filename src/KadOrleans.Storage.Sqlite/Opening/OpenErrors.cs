using System.Globalization;
using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite.Format;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KadOrleans.Storage.Sqlite.Opening;

/// <summary>
/// What a person is told when a database cannot be opened: one sentence with the place, the fault and the way out.
/// </summary>
internal static class OpenErrors
{
    public static KeyStoreException FolderUnusable(string folder, Exception cause) => new(
        $"The data folder '{folder}' cannot be created or entered ({Reason(cause)}); choose a folder that this user may write to.",
        cause);

    public static KeyStoreException InUse(DataFolder folder, Exception? cause = null) => new(
        $"The data folder '{folder.Path}' is in use by another node; stop that node or choose another data folder.",
        cause!);

    public static KeyStoreException Unreachable(DataFolder folder, Exception cause) => new(
        $"'{folder.DatabasePath}' cannot be opened ({Reason(cause)}); check that this user may read and write it and its folder.",
        cause);

    public static KeyStoreException ReadOnly(DataFolder folder) => new(
        $"'{folder.DatabasePath}' can be read but not written; give this user write permission or choose another data folder.");

    public static KeyStoreException NotADatabase(DataFolder folder) => new(
        $"'{folder.DatabasePath}' is not an SQLite database; move it away or choose another data folder.");

    public static KeyStoreException Foreign(DataFolder folder, int applicationId) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"'{folder.DatabasePath}' is the database of another application (id {applicationId:X8}); move it away or choose another data folder."));

    public static KeyStoreException Newer(DataFolder folder, int version) => new(string.Create(
        CultureInfo.InvariantCulture,
        $"'{folder.DatabasePath}' was written by a newer release (schema {version}, this one knows {DatabaseSchema.Version}); run that release or choose another data folder."));

    public static KeyStoreException Damaged(DataFolder folder, string what, Exception? cause = null) => new(
        $"'{folder.DatabasePath}' is damaged ({what}); restore it from a backup, or move it away to start without stored keys.",
        cause!);

    public static KeyStoreException OrphanedLog(DataFolder folder) => new(
        $"'{folder.LogPath}' holds changes of a database that is missing beside it; put '{SqliteDatabase.FileName}' back or move this file away too.");

    /// <summary>The sentence for a fault that SQLite reported while opening.</summary>
    public static KeyStoreException From(DataFolder folder, SqliteException fault) => fault.SqliteErrorCode switch
    {
        raw.SQLITE_BUSY or raw.SQLITE_LOCKED => InUse(folder, fault),
        raw.SQLITE_CORRUPT or raw.SQLITE_NOTADB => Damaged(folder, Reason(fault), fault),
        raw.SQLITE_ERROR => Damaged(folder, "a table is missing or altered", fault),
        _ => Unreachable(folder, fault),
    };

    /// <summary>A fault in a few words, without the full stop and line breaks that would end the sentence.</summary>
    public static string Reason(Exception fault)
    {
        var text = fault is SqliteException sqlite
            ? raw.sqlite3_errstr(sqlite.SqliteExtendedErrorCode).utf8_to_string()
            : fault.Message;
        return Phrase(text);
    }

    /// <summary>A message as a part of a sentence.</summary>
    public static string Phrase(string message) => message.ReplaceLineEndings(" ").TrimEnd('.', ' ');
}
