using System.Globalization;
using Microsoft.Data.Sqlite;
using SQLitePCL;

namespace KadOrleans.Sqlite;

/// <summary>
/// A database file, open for this process alone: whole, of the right kind, locked, and set up so that a commit survives
/// a loss of power. A file that is refused stays as it is, to the byte.
/// </summary>
public sealed class DatabaseFile : IDisposable
{
    // The moment that another process, which is just ending, gets to give its lock up.
    private const int LockWaitSeconds = 1;

    // Of sqlite3_db_config: closing does not move the log into the database.
    private const int KeepLogOnClose = 1006;

    // Log before it is moved into the database: random keys touch a page each, and the longer the log, the more of those
    // writes meet in one page.
    private const int LogBytes = 40 << 20;

    private readonly DataFolder _folder;

    private DatabaseFile(DataFolder folder)
    {
        _folder = folder;
        Connection = new SqliteConnection(ConnectionString(folder.DatabasePath));
    }

    /// <summary>Full path of the file.</summary>
    public string Path => _folder.DatabasePath;

    /// <summary>Version of the file's layout: an older one while it is read, <see cref="DatabaseKind.Version"/> from then on.</summary>
    public int Version => (int)Connection.QueryInteger("PRAGMA user_version");

    /// <summary>The only connection.</summary>
    public SqliteConnection Connection { get; }

    /// <summary>
    /// Opens the database in a folder, creating both if they are missing, and checks the whole file. Every exception but
    /// what <paramref name="read"/> throws of its own is one of <see cref="DatabaseKind.Fault"/>, whose message names the
    /// place and says what to do: the folder is unusable or in use; the file is no database, another application's, newer
    /// than this release, damaged, or not to be written.
    /// </summary>
    /// <param name="folder">Relative to the current folder or absolute.</param>
    /// <param name="kind">What is expected there.</param>
    /// <param name="read">
    /// Reads what must be readable; should it throw, the file is refused. Called once more for a file of an older version,
    /// with what its upgrade made of it, before that is committed.
    /// </param>
    public static DatabaseFile Open(string folder, DatabaseKind kind, Action<DatabaseFile> read)
    {
        ArgumentNullException.ThrowIfNull(kind);
        ArgumentNullException.ThrowIfNull(read);
        Batteries_V2.Init();
        var claim = DataFolder.Claim(folder, kind);
        DatabaseFile? file = null;
        try
        {
            DatabaseHeader.Check(claim);
            file = new DatabaseFile(claim);
            file.Load(read);
            return file;
        }
        catch (Exception exception)
        {
            file?.Connection.Dispose();
            claim.Dispose();
            if (exception is SqliteException fault)
            {
                throw DatabaseErrors.From(claim, fault);
            }

            throw;
        }
    }

    /// <summary>The exception for content that no release writes.</summary>
    /// <param name="what">What is wrong, as a part of a sentence.</param>
    public Exception Damaged(string what) => DatabaseErrors.Damaged(_folder, what);

    /// <summary>The exception for a read that failed.</summary>
    public Exception Unreadable(Exception cause) => DatabaseErrors.Unreadable(_folder, cause);

    /// <summary>The exception for a write that failed.</summary>
    public Exception Unwritable(Exception cause) => DatabaseErrors.Unwritable(_folder, cause);

    /// <summary>Moves the log into the file and closes it; one file is left.</summary>
    public void Dispose()
    {
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
        if (Version < _folder.Kind.Version)
        {
            Upgrade(read);
        }
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
            Create();
        }

        // What the header says may be older than what the log says.
        DatabaseHeader.CheckOwner(
            _folder,
            (int)Connection.QueryInteger("PRAGMA application_id"),
            Version);
        var verdict = Connection.QueryText("PRAGMA quick_check(1)");
        if (verdict != "ok")
        {
            throw Damaged(DatabaseErrors.Phrase(verdict));
        }
    }

    // In one transaction, so that a crash leaves either nothing or all of it. That is why the file becomes a
    // write-ahead-log database only afterwards: that switch is a write of its own.
    private void Create()
    {
        Execute($"PRAGMA page_size = {_folder.Kind.PageBytes}");
        Connection.Execute("BEGIN EXCLUSIVE");
        Connection.Execute(_folder.Kind.Layout);
        Execute($"PRAGMA application_id = {_folder.Kind.ApplicationId}");
        SetVersion(_folder.Kind.Version);
        Connection.Execute("COMMIT");
    }

    private void Upgrade(Action<DatabaseFile> read)
    {
        Connection.Execute("BEGIN EXCLUSIVE");
        for (var version = Version; version < _folder.Kind.Version; version++)
        {
            _folder.Kind.Upgrades[version - _folder.Kind.OldestVersion](this);
            SetVersion(version + 1);
        }

        read(this);
        Connection.Execute("COMMIT");
    }

    private void SetVersion(int version) => Execute($"PRAGMA user_version = {version}");

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
