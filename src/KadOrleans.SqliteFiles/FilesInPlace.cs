using System.Runtime.InteropServices;

namespace KadOrleans.SqliteFiles;

/// <summary>
/// Whether the files at a database's paths are the open ones. Removed files can still be written, and are lost when they are closed. Safe
/// for several threads.
/// </summary>
internal sealed class FilesInPlace
{
    private readonly DataFolder _folder;
    private readonly FileIdentity? _database;

    // Guards _log, which appears with the first commit.
    private readonly Lock _gate = new();
    private FileIdentity? _log;

    public FilesInPlace(DataFolder folder)
    {
        _folder = folder;
        _database = FileIdentity.Read(folder.DatabasePath);
        _log = FileIdentity.Read(folder.LogPath);
    }

    /// <summary>Whether a log is at its path and is the one that is open.</summary>
    public bool HasOwnLog
    {
        get
        {
            var log = FileIdentity.Read(_folder.LogPath);
            lock (_gate)
            {
                return log is not null && log == _log;
            }
        }
    }

    /// <summary>The path of the removed or replaced file. Null if all are in place. Costs two system calls.</summary>
    public string? FindDisplaced()
    {
        if (FileIdentity.Read(_folder.DatabasePath) != _database)
        {
            return _folder.DatabasePath;
        }

        var log = FileIdentity.Read(_folder.LogPath);
        lock (_gate)
        {
            _log ??= log;
            return log == _log ? null : _folder.LogPath;
        }
    }
}

/// <summary>
/// The identity of the file at a path: on Linux its device and inode, elsewhere the time of its creation. Windows does not let
/// anybody remove or replace a database that is open.
/// </summary>
/// <param name="Place">Its device.</param>
/// <param name="Number">Its number there.</param>
internal readonly partial record struct FileIdentity(ulong Place, ulong Number)
{
    private const int Here = -100;
    private const int InodeOffset = 32;
    private const int DeviceOffset = 136;
    private const int StatLength = 256;
    private const uint InodeMask = 0x100;

    /// <summary>The identity of the file at a path; null if there is none.</summary>
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
