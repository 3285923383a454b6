namespace KadOrleans.Sqlite;

/// <summary>
/// Whether the files at a database's paths are those that are open. Files that were removed are written to still, and are gone
/// when they are closed. Any thread may ask.
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

    /// <summary>The path at which the open file is no longer; null if all is in place. Costs two system calls.</summary>
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
