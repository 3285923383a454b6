using System.Runtime.InteropServices;

namespace KadOrleans.Storage.Sqlite;

// The files at a database's paths, as they were when it opened. Removed files can still be read and written, and are lost when
// they are closed. Safe for several threads.
internal sealed class FilesInPlace(DataFolder folder)
{
    private readonly FileInPlace _database = new(folder.DatabasePath);
    private readonly FileInPlace _log = new(folder.LogPath);

    public long LogLength => new FileInfo(_log.Path) is { Exists: true, Length: var length } ? length : 0;

    /// <summary>The path of the removed or replaced file. Null if all are in place. Costs two system calls.</summary>
    public string? FindDisplaced() => !_database.IsThere ? _database.Path : !_log.IsThere ? _log.Path : null;

    // Writes all committed content to a new file, and returns its path. It is the database's path if that is free. Displaced
    // files can still be read while they are open.
    public string Save(SqliteConnection connection, string displaced)
    {
        if (displaced == _log.Path)
        {
            // The database itself is in place, so the log is moved into it.
            connection.Execute("PRAGMA wal_checkpoint(TRUNCATE)");
            return _database.Path;
        }

        var partial = _database.Path + ".partial";
        File.Delete(partial);
        PrivateFile.Prepare(partial);
        connection.Execute("VACUUM INTO $path", new SqliteParameter("$path", partial));
        if (_log.IsThere && !File.Exists(_database.Path))
        {
            // The copy has all its content, and SQLite would take it for the copy's log.
            File.Delete(_log.Path);
        }

        // SQLite would take a remaining log for the copy's.
        var isFree = !File.Exists(_database.Path) && !File.Exists(_log.Path);
        var target = isFree ? _database.Path : folder.NextSpareName("lost");
        File.Move(partial, target, overwrite: false);
        return target;
    }

    private readonly struct FileInPlace(string path)
    {
        private readonly FileIdentity? _identity = FileIdentity.Read(path);

        public string Path => path;

        public bool IsThere => FileIdentity.Read(path) == _identity;
    }
}

// The identity of the file at a path: on Linux its device and inode, elsewhere the time of its creation. Windows does not let
// anybody remove or replace a database that is open.
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
