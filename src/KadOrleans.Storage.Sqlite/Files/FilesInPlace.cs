using System.Runtime.InteropServices;
using Microsoft.Data.Sqlite;

namespace KadOrleans.Storage.Sqlite;

/// <summary>
/// Whether the files at a database's paths are the open ones. Removed files can still be read and written, and are lost when they are
/// closed. Safe for several threads.
/// </summary>
internal sealed class FilesInPlace
{
    private readonly DataFolder _folder;
    private readonly FileIdentity? _database;
    private readonly FileIdentity? _log;

    /// <summary>Begins to watch, once the log is there.</summary>
    public FilesInPlace(DataFolder folder)
    {
        _folder = folder;
        _database = FileIdentity.Read(folder.DatabasePath);
        _log = FileIdentity.Read(folder.LogPath);
    }

    /// <summary>The path of the removed or replaced file. Null if all are in place. Costs two system calls.</summary>
    public string? FindDisplaced() =>
        FileIdentity.Read(_folder.DatabasePath) != _database ? _folder.DatabasePath
        : FileIdentity.Read(_folder.LogPath) != _log ? _folder.LogPath
        : null;

    /// <summary>
    /// Writes all committed content to a new file, and returns its path. It is the database's path if that is free. Displaced files can
    /// still be read while they are open.
    /// </summary>
    public string Save(SqliteConnection connection, string displaced)
    {
        if (displaced == _folder.LogPath)
        {
            // The database itself is in place, so the log is moved into it.
            connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            return _folder.DatabasePath;
        }

        var partial = _folder.DatabasePath + ".partial";
        File.Delete(partial);
        connection.Execute("VACUUM INTO $path", new SqliteParameter("$path", partial));
        if (_log is not null && FileIdentity.Read(_folder.LogPath) == _log && !File.Exists(_folder.DatabasePath))
        {
            // The copy has all its content, and SQLite would take it for the copy's log.
            File.Delete(_folder.LogPath);
        }

        // SQLite would take a remaining log for the copy's.
        var isFree = !File.Exists(_folder.DatabasePath) && !File.Exists(_folder.LogPath);
        var target = isFree ? _folder.DatabasePath : _folder.NextSpareName("lost");
        File.Move(partial, target, overwrite: false);
        return target;
    }
}

/// <summary>
/// The identity of the file at a path: on Linux its device and inode, elsewhere the time of its creation. Windows does not let
/// anybody remove or replace a database that is open.
/// </summary>
internal readonly partial record struct FileIdentity(ulong Device, ulong Number)
{
    private const int Here = -100;
    private const int InodeOffset = 32;
    private const int DeviceOffset = 136;
    private const int StatLength = 256;
    private const uint InodeMask = 0x100;

    public static FileIdentity? Read(string path)
    {
        if (!OperatingSystem.IsLinux())
        {
            return File.Exists(path) ? new FileIdentity(0, (ulong)File.GetCreationTimeUtc(path).Ticks) : null;
        }

        // struct statx is laid out the same on each architecture.
        Span<byte> stat = stackalloc byte[StatLength];
        return StatX(Here, path, 0, InodeMask, stat) == 0
            ? new FileIdentity(BitConverter.ToUInt64(stat[DeviceOffset..]), BitConverter.ToUInt64(stat[InodeOffset..]))
            : null;
    }

    [LibraryImport("libc", EntryPoint = "statx", StringMarshalling = StringMarshalling.Utf8)]
    private static partial int StatX(int folder, string path, int flags, uint mask, Span<byte> stat);
}
