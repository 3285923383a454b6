using SQLitePCL;

namespace KadOrleans.Storage.Sqlite;

// A database file, locked for this process, sound and of the right kind. A commit survives a loss of power. A file that is
// refused stays as it is, to the byte.
internal sealed class DatabaseFile : IDisposable
{
    // The time for an ending process to release its lock.
    private const int LockWaitSeconds = 1;

    // Option of sqlite3_db_config: closing does not move the log into the database.
    private const int KeepLogOnClose = 1006;

    // The bytes of the log before it is moved into the database. Each random key touches a page, and with a longer log more writes share a
    // page.
    private const int LogBytes = 40 << 20;

    private const long EnoughRoom = 1 << 20;

    // Pages of one reader: what is above the leaves of a table of a million rows.
    private const string ReaderCache = "PRAGMA cache_size = -8192";

    private FilesInPlace? _places;

    private DatabaseFile(DataFolder folder)
    {
        Folder = folder;
        Connection = new SqliteConnection(ConnectionString(folder));
    }

    public string Path => Folder.DatabasePath;

    public DataFolder Folder { get; }

    public SqliteConnection Connection { get; }

    /// <summary>Connections that see what is committed, <see cref="DatabaseKind.Readers"/> of them; each for one thread at a time.</summary>
    public IReadOnlyList<SqliteConnection> Readers { get; private set; } = [];

    // After a rebuild: where the damaged file is and what could not be read of it, as a part of a sentence. Null if the file was
    // sound.
    public (string Aside, string Missing)? Rebuilt { get; private set; }

    // Opens the database in a folder, creating both if they are missing, and checks the whole file. Throws Fault exceptions,
    // whose message names the place and says what to do. If read throws, the file is refused.
    public static DatabaseFile Open(string folder, DatabaseKind kind, Action<DatabaseFile> read)
    {
        Batteries_V2.Init();
        var claim = DataFolder.Claim(folder, kind);
        try
        {
            DatabaseRebuild.Finish(claim);
            claim.CheckHeader();
            return OpenOrRebuild(claim, read);
        }
        catch (Exception exception)
        {
            claim.Dispose();
            if (claim.From(exception) is { } fault)
            {
                throw fault;
            }

            throw;
        }
    }

    private static DatabaseFile OpenOrRebuild(DataFolder claim, Action<DatabaseFile> read)
    {
        try
        {
            return OpenSound(claim, read);
        }
        catch (Exception exception) when (claim.Kind.Salvage is not null && DatabaseRebuild.CanHelp(exception))
        {
            var rebuild = DatabaseRebuild.Run(claim);
            var file = OpenSound(claim, read);
            file.Rebuilt = rebuild;
            return file;
        }
    }

    private static DatabaseFile OpenSound(DataFolder claim, Action<DatabaseFile> read)
    {
        // SQLite gives its log, and the index of that, the mode of the database.
        PrivateFile.Prepare(claim.DatabasePath);
        var file = new DatabaseFile(claim);
        try
        {
            file.Load(read);
            return file;
        }
        catch
        {
            file.Close();
            throw;
        }
    }

    public long LogLength => _places?.LogLength ?? 0;

    // The path of a file that was removed or replaced while it is open; null if all are in place. Commits to such a file are lost
    // once it is closed. Safe for several threads; it costs microseconds.
    public string? FindDisplaced() => _places?.FindDisplaced();

    // Whether the disk has a megabyte left. On a full disk small writes sometimes succeed, in free room of the file. True if it
    // is unknown.
    public bool HasRoom()
    {
        try
        {
            return new DriveInfo(Folder.Path).AvailableFreeSpace >= EnoughRoom;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return true;
        }
    }

    // Writes the content of a displaced file to a file: at its path if that is free, else beside it under a free name. For the
    // user of the connection.
    public (bool Saved, string Outcome) SaveDisplaced(string path)
    {
        try
        {
            return (true, $"What it held was written to '{_places!.Save(Connection, path)}'");
        }
        catch (Exception exception) when (exception
            is SqliteException or IOException or UnauthorizedAccessException or DamagedDatabaseException)
        {
            return (false, $"What it held could not be written again ({DataFolder.Reason(exception)})");
        }
    }

    /// <summary>Moves the log into the file and closes it. One file is left. Displaced files stay as they are.</summary>
    public void Dispose()
    {
        if (FindDisplaced() is not null)
        {
            // Otherwise SQLite would delete any file with the name of its log.
            SetKeepLog(true);
        }

        Close();
        Folder.Dispose();
    }

    // The last connection to close moves the log into the file.
    private void Close()
    {
        foreach (var reader in Readers)
        {
            reader.Dispose();
        }

        Connection.Dispose();
    }

    // The commands wait and retry while the file is locked; pooling would keep it open after closing.
    private static string ConnectionString(DataFolder folder) => new SqliteConnectionStringBuilder
    {
        DataSource = IsShared(folder) ? SharedName(folder.DatabasePath) : folder.DatabasePath,
        Mode = SqliteOpenMode.ReadWriteCreate,
        Pooling = false,
        DefaultTimeout = LockWaitSeconds,
    }.ToString();

    // SQLite's "unix-excl" keeps other processes out, as the exclusive mode does. Connections of this process share the file, and the index of
    // its log in memory. Windows has nothing like it, and so no readers.
    private static bool IsShared(DataFolder folder) => folder.Kind.Readers > 0 && !OperatingSystem.IsWindows();

    private static string SharedName(string path) =>
        $"file:{string.Join('/', path.Split('/').Select(Uri.EscapeDataString))}?vfs=unix-excl";

    private void OpenReaders()
    {
        if (!IsShared(Folder))
        {
            return;
        }

        Readers = [.. Enumerable.Range(0, Folder.Kind.Readers).Select(_ => new SqliteConnection(ConnectionString(Folder)))];
        foreach (var reader in Readers)
        {
            reader.Open();
            reader.Execute("PRAGMA query_only = ON");
            reader.Execute(ReaderCache);
        }
    }

    private void Load(Action<DatabaseFile> read)
    {
        var hasLog = File.Exists(Folder.LogPath);
        Connection.Open();
        SetKeepLog(hasLog);
        Check();
        CheckWhile(() => read(this));
        SetKeepLog(false);
        Configure();

        // The first read creates the log, whose place is watched from here on.
        Connection.QueryInteger("PRAGMA user_version");
        OpenReaders();
        _places = new FilesInPlace(Folder);
    }

    private void Check()
    {
        if (raw.sqlite3_db_readonly(Connection.Handle, "main") != 0)
        {
            throw Folder.ReadOnly();
        }

        if (!IsShared(Folder))
        {
            Connection.Execute("PRAGMA locking_mode = EXCLUSIVE");
        }

        if (Connection.QueryInteger("PRAGMA page_count") == 0)
        {
            Folder.Kind.Create(Connection);
        }

        // Checked again, as the log may have newer values than the file's header.
        Folder.CheckOwner((int)Connection.QueryInteger("PRAGMA application_id"), (int)Connection.QueryInteger("PRAGMA user_version"));
        if (!IsShared(Folder))
        {
            CheckStructure(Connection);
        }
    }

    // Both read the whole file, and take seconds of a large one. What was read of a damaged structure counts for nothing.
    private void CheckWhile(Action read)
    {
        if (!IsShared(Folder))
        {
            read();
            return;
        }

        var check = Task.Run(() =>
        {
            using var connection = new SqliteConnection(ConnectionString(Folder));
            connection.Open();
            CheckStructure(connection);
        });
        try
        {
            read();
        }
        finally
        {
            check.GetAwaiter().GetResult();
        }
    }

    private static void CheckStructure(SqliteConnection connection)
    {
        var verdict = connection.QueryText("PRAGMA quick_check(1)");
        if (verdict != "ok")
        {
            throw new DamagedDatabaseException(DataFolder.Phrase(verdict));
        }
    }

    private void Configure()
    {
        // A commit waits until the log is on the disk: FULL survives a loss of power, NORMAL would not.
        Connection.Execute("PRAGMA journal_mode = WAL");
        Connection.Execute("PRAGMA synchronous = FULL");
        Connection.Execute($"PRAGMA wal_autocheckpoint = {LogBytes / Connection.QueryInteger("PRAGMA page_size")}");
        Connection.Execute("PRAGMA journal_size_limit = 67108864");
        if (Folder.Kind.CacheKiB is { } size)
        {
            Connection.Execute($"PRAGMA cache_size = -{size}");
        }
    }

    private void SetKeepLog(bool keep) => SqliteException.ThrowExceptionForRC(
        raw.sqlite3_db_config(Connection.Handle, KeepLogOnClose, keep ? 1 : 0, out _), Connection.Handle);
}
