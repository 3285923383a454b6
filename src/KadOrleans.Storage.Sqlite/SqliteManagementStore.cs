using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Storage.Sqlite;

// What an operator has set, in a file of its own beside the keys. It is made with the first change. Changes are rare, so each is a
// transaction that waits for the disk. Operations run one after the other.
internal sealed class SqliteManagementStore(string folder, int maxAudit = IDhtAdmin.MaxAudit) : IManagementStore, IAsyncDisposable
{
    public const string FileName = "kad-manage.db";

    private const string BanKind = "ban";
    private const string LimitKind = "limit";

    private readonly SemaphoreSlim _turn = new(1);
    private DatabaseFile? _file;
    private volatile bool _isClosed;

    // An empty file is left by a first change for which the disk had no room; without a log, else its changes are in that.
    private bool IsNew => _file is null && !HasContent(FileName) && !HasContent($"{FileName}-wal");

    public async ValueTask<NodeRules> LoadAsync(CancellationToken cancellationToken = default) =>
        IsNew ? NodeRules.None : await RunAsync(Read, cancellationToken);

    public ValueTask SaveAsync(NodeRules rules, CancellationToken cancellationToken = default) =>
        new(RunAsync(file => Write(file, rules), cancellationToken));

    public ValueTask RecordAsync(AuditEntry entry, CancellationToken cancellationToken = default) =>
        new(RunAsync(file => Write(file, entry), cancellationToken));

    public async ValueTask<IReadOnlyList<AuditEntry>> ReadAuditAsync(int count, long? before, CancellationToken cancellationToken = default) =>
        IsNew ? [] : await RunAsync(file => Read(file, count, before), cancellationToken);

    /// <summary>Waits for the operation that runs, and closes the file. Those that wait then fail.</summary>
    public async ValueTask DisposeAsync()
    {
        _isClosed = true;
        await _turn.WaitAsync();
        try
        {
            _file?.Dispose();
            _file = null;
        }
        finally
        {
            // Not disposed, as nobody who waits for it would wake. It has nothing to release.
            _turn.Release();
        }
    }

    private bool HasContent(string name) => new FileInfo(Path.Combine(folder, name)) is { Exists: true, Length: > 0 };

    private static NodeRules Read(DatabaseFile file)
    {
        using var command = file.Connection.PrepareCommand("SELECT name, since, kind, value FROM rule ORDER BY since, name");
        using var rows = command.ExecuteReader();
        var (bans, limits) = (new List<BanEntry>(), new List<LimitEntry>());
        while (rows.Read())
        {
            var (name, since) = (rows.GetString(0), ReadTime(file, rows.GetInt64(1)));
            switch (rows.GetString(2))
            {
                case BanKind:
                    bans.Add(Ban.TryParse(name, out var ban) ? new BanEntry(ban, since) : throw file.Folder.Damaged("a ban in it is unreadable"));
                    break;
                case LimitKind:
                    limits.Add(new LimitEntry(name, (long)rows.GetDouble(3), since));
                    break;
            }
        }

        return new NodeRules(bans) { Limits = limits };
    }

    private static List<AuditEntry> Read(DatabaseFile file, int count, long? before)
    {
        using var command = file.Connection.PrepareCommand(
            "SELECT number, time, who, action, target, succeeded, result FROM audit WHERE number < $before ORDER BY number DESC LIMIT $count",
            new SqliteParameter("$before", before ?? long.MaxValue),
            new SqliteParameter("$count", count));
        using var rows = command.ExecuteReader();
        var entries = new List<AuditEntry>();
        while (rows.Read())
        {
            entries.Add(new AuditEntry(
                ReadTime(file, rows.GetInt64(1)), rows.GetString(2), rows.GetString(3), rows.GetString(4), rows.GetBoolean(5), rows.GetString(6))
            {
                Number = rows.GetInt64(0),
            });
        }

        return entries;
    }

    private static DateTimeOffset ReadTime(DatabaseFile file, long milliseconds) =>
        TimeCodec.TryRead(milliseconds, out var time) ? time : throw file.Folder.Damaged("a time in it is unreadable");

    private bool Write(DatabaseFile file, AuditEntry entry) => Write(file, connection =>
    {
        connection.Execute(
            "INSERT INTO audit (time, who, action, target, succeeded, result) VALUES ($time, $who, $action, $target, $succeeded, $result)",
            new("$time", entry.Time.ToUnixTimeMilliseconds()),
            new("$who", entry.Who),
            new("$action", entry.Action),
            new("$target", entry.Target),
            new("$succeeded", entry.Succeeded),
            new("$result", entry.Result));
        connection.Execute(
            "DELETE FROM audit WHERE number <= (SELECT MAX(number) FROM audit) - $kept", new SqliteParameter("$kept", maxAudit));
    });

    private static bool Write(DatabaseFile file, NodeRules rules) => Write(file, connection =>
    {
        connection.Execute("DELETE FROM rule");
        var bans = rules.Bans.Select(entry => (Kind: BanKind, Name: entry.Ban.ToString(), Value: 0L, entry.Since));
        foreach (var (kind, name, value, since) in bans.Concat(rules.Limits.Select(entry => (LimitKind, entry.Name, entry.Value, entry.Since))))
        {
            connection.Execute(
                "INSERT INTO rule (kind, name, value, since) VALUES ($kind, $name, $value, $since)",
                new("$kind", kind),
                new("$name", name),
                new("$value", (double)value),
                new("$since", since.ToUnixTimeMilliseconds()));
        }
    });

    private static bool Write(DatabaseFile file, Action<SqliteConnection> write)
    {
        var connection = file.Connection;
        connection.BeginWriting();
        try
        {
            write(connection);
            connection.Commit();
            return true;
        }
        catch
        {
            connection.RollBack();
            throw;
        }
    }

    private static DatabaseFile Open(string folder) => DatabaseFile.Open(
        folder,
        new DatabaseKind
        {
            FileName = FileName,

            // "KadM" in ASCII.
            ApplicationId = 0x4B61644D,
            Version = 1,
            Layout = """
                CREATE TABLE rule (
                    kind TEXT NOT NULL,
                    name TEXT NOT NULL,
                    value REAL NOT NULL,
                    since INTEGER NOT NULL,
                    PRIMARY KEY (kind, name)
                );
                CREATE TABLE audit (
                    number INTEGER NOT NULL PRIMARY KEY,
                    time INTEGER NOT NULL,
                    who TEXT NOT NULL,
                    action TEXT NOT NULL,
                    target TEXT NOT NULL,
                    succeeded INTEGER NOT NULL,
                    result TEXT NOT NULL
                );
                """,
            Owner = "node",
            FreshStart = "start without bans, changed limits and the audit log",
            Fault = (message, cause) => new KeyStoreException(message, cause!),
        },
        file => Read(file));

    [SuppressMessage("Reliability", "CA2000", Justification = "Disposed with the store.")]
    private async Task<T> RunAsync<T>(Func<DatabaseFile, T> operation, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            if (_isClosed)
            {
                throw new KeyStoreException($"The store of {FileName} is closed.");
            }

            // A commit waits for the disk.
            return await Task.Run(() => operation(_file ??= Open(folder)), CancellationToken.None);
        }
        catch (SqliteException e) when (_file is not null)
        {
            throw _file.Folder.Unwritable(e);
        }
        finally
        {
            _turn.Release();
        }
    }
}
