using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KadOrleans.SqliteFiles;

/// <summary>
/// A database file, open for this process alone: whole, of the right kind, locked, and set up so that a commit survives
/// a loss of power. A file that is refused stays as it is, to the byte.
/// </summary>
internal sealed class DatabaseFile : IDisposable
{
    // The time that a process which is just ending has to release its lock.
    private const int LockWaitSeconds = 1;

    // Of sqlite3_db_config: closing does not move the log into the database.
    private const int KeepLogOnClose = 1006;

    // Log before it is moved into the database: random keys touch a page each, and the longer the log, the more of those
    // writes meet in one page.
    private const int LogBytes = 40 << 20;

    private const long EnoughRoom = 1 << 20;

    private readonly DataFolder _folder;
    private FilesInPlace? _places;

    private DatabaseFile(DataFolder folder)
    {
        _folder = folder;
        Connection = new SqliteConnection(ConnectionString(folder.DatabasePath));
    }

    /// <summary>Full path of the file.</summary>
    public string Path => _folder.DatabasePath;

    /// <summary>What has the file open, in words: "node".</summary>
    public string Owner => _folder.Kind.Owner;

    /// <summary>The only connection.</summary>
    public SqliteConnection Connection { get; }

    /// <summary>
    /// Where the file is that this one was made of as its structure was damaged, and what could not be read of it, as a part of a sentence;
    /// null if it was sound.
    /// </summary>
    public (string Aside, string Missing)? Rebuilt { get; private set; }

    /// <summary>
    /// Opens the database in a folder, creating both if they are missing, and checks the whole file. Every exception but
    /// what <paramref name="read"/> throws of its own is one of <see cref="DatabaseKind.Fault"/>, whose message names the
    /// place and says what to do: the folder is unusable or in use; the file is no database, another application's, of
    /// another schema version, damaged, or not to be written.
    /// </summary>
    /// <param name="folder">Relative to the current folder or absolute.</param>
    /// <param name="kind">What is expected there.</param>
    /// <param name="read">
    /// Reads what must be readable; should it throw, the file is refused.
    /// </param>
    public static DatabaseFile Open(string folder, DatabaseKind kind, Action<DatabaseFile> read)
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(read);
        Batteries_V2.Init();
        var claim = DataFolder.Claim(folder, kind);
        try
        {
            DatabaseRebuild.Finish(claim);
            DatabaseHeader.Check(claim);
            return OpenOrRebuild(claim, read);
        }
        catch (Exception exception)
        {
            claim.Dispose();
            if (Explain(claim, exception) is { } explained)
            {
                throw explained;
            }

            throw;
        }
    }

    private static Exception? Explain(DataFolder claim, Exception exception) => exception switch
    {
        SqliteException fault => DatabaseErrors.From(claim, fault),
        DamagedDatabaseException damage => DatabaseErrors.Damaged(claim, damage.Message, damage.InnerException),
        IOException or UnauthorizedAccessException => DatabaseErrors.Unreachable(claim, exception),
        _ => null,
    };

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
        var file = new DatabaseFile(claim);
        try
        {
            file.Load(read);
            return file;
        }
        catch
        {
            file.Connection.Dispose();
            throw;
        }
    }

    /// <summary>The exception for content that no release writes.</summary>
    /// <param name="what">What is wrong, as a part of a sentence.</param>
    public Exception Damaged(string what) => DatabaseErrors.Damaged(_folder, what);

    /// <summary>A name beside the file for damaged bytes of it, at which nothing is.</summary>
    /// <exception cref="DamagedDatabaseException">There are eight such files already.</exception>
    public string NextDamagedName() => DatabaseRebuild.NextName(_folder);

    /// <summary>The exception for a read that failed.</summary>
    public Exception Unreadable(Exception cause) => DatabaseErrors.Unreadable(_folder, cause);

    /// <summary>The exception for a write that failed.</summary>
    public Exception Unwritable(Exception cause) => DatabaseErrors.Unwritable(_folder, cause);

    /// <summary>The exception for files that are no longer where they were opened.</summary>
    /// <param name="path">What <see cref="FindDisplaced"/> found.</param>
    public Exception Displaced(string path) => DatabaseErrors.Displaced(_folder, path);

    /// <summary>
    /// The path of a file that was removed or replaced while it is open; null if all are in place. What is committed to such a file is gone
    /// once it is closed. Any thread may ask; it costs microseconds.
    /// </summary>
    public string? FindDisplaced() => _places?.FindDisplaced();

    /// <summary>
    /// Whether the disk has a megabyte left. On a full disk small writes work now and then, in free room of the file. True where that is
    /// unknown.
    /// </summary>
    public bool HasRoom()
    {
        try
        {
            return new DriveInfo(_folder.Path).AvailableFreeSpace >= EnoughRoom;
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException or ArgumentException)
        {
            return true;
        }
    }

    /// <summary>
    /// Writes what a displaced file holds to a file of its own: at its path if nothing is there now, else beside it, under a name that is
    /// free. For the user of the connection.
    /// </summary>
    /// <param name="path">What <see cref="FindDisplaced"/> found.</param>
    /// <returns>What came of it, as a sentence, and whether it is saved.</returns>
    public (bool Saved, string Outcome) SaveDisplaced(string path)
    {
        try
        {
            return (true, $"What it held was written to '{DisplacedFile.Save(_folder, Connection, path, _places?.HasOwnLog == true)}'");
        }
        catch (Exception exception) when (exception is SqliteException or IOException or UnauthorizedAccessException)
        {
            return (false, $"What it held could not be written again ({DatabaseErrors.Reason(exception)})");
        }
    }

    /// <summary>Moves the log into the file and closes it; one file is left. Displaced ones are left as they are.</summary>
    public void Dispose()
    {
        if (FindDisplaced() is not null)
        {
            // Else SQLite would delete whatever has the name of its log.
            SetKeepLog(true);
        }

        Connection.Dispose();
        _folder.Dispose();
    }

    // The commands wait and retry while the file is locked; pooling would keep it open after closing.
    private static string ConnectionString(string path) => new SqliteConnectionStringBuilder
    {
        DataSource = path,
        Mode = SqliteOpenMode.ReadWriteCreate,
        Pooling = false,
        DefaultTimeout = LockWaitSeconds,
    }.ToString();

    private void Load(Action<DatabaseFile> read)
    {
        var hasLog = File.Exists(_folder.LogPath);
        Connection.Open();
        SetKeepLog(hasLog);
        Check();
        read(this);
        SetKeepLog(false);
        Configure();

        // The first read creates the log, whose place is watched from here on.
        Connection.QueryInteger("PRAGMA user_version");
        _places = new FilesInPlace(_folder);
    }

    private void Check()
    {
        if (raw.sqlite3_db_readonly(Connection.Handle, "main") != 0)
        {
            throw DatabaseErrors.ReadOnly(_folder);
        }

        Connection.Execute("PRAGMA locking_mode = EXCLUSIVE");
        if (Connection.QueryInteger("PRAGMA page_count") == 0)
        {
            _folder.Kind.Create(Connection);
        }

        // What the header says may be older than what the log says.
        DatabaseHeader.CheckOwner(
            _folder,
            (int)Connection.QueryInteger("PRAGMA application_id"),
            (int)Connection.QueryInteger("PRAGMA user_version"));
        var verdict = Connection.QueryText("PRAGMA quick_check(1)");
        if (verdict != "ok")
        {
            throw new DamagedDatabaseException(DatabaseErrors.Phrase(verdict));
        }
    }

    private void Configure()
    {
        // A commit waits until the log is on the disk: FULL survives a loss of power, NORMAL would not.
        Connection.Execute("PRAGMA journal_mode = WAL");
        Connection.Execute("PRAGMA synchronous = FULL");
        Execute($"PRAGMA wal_autocheckpoint = {LogBytes / Connection.QueryInteger("PRAGMA page_size")}");
        Connection.Execute("PRAGMA journal_size_limit = 67108864");
        if (_folder.Kind.CacheKiB is { } size)
        {
            Execute($"PRAGMA cache_size = -{size}");
        }
    }

    // What SQLite takes no parameters for.
    private void Execute(FormattableString pragma) => Connection.Execute(pragma.ToString(CultureInfo.InvariantCulture));

    private void SetKeepLog(bool keep) => SqliteException.ThrowExceptionForRC(
        raw.sqlite3_db_config(Connection.Handle, KeepLogOnClose, keep ? 1 : 0, out _), Connection.Handle);
}
