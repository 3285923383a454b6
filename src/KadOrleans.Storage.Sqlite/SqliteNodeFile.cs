using KadOrleans.Signatures;
using Microsoft.Extensions.Logging.Abstractions;

namespace KadOrleans.Storage.Sqlite;

/// <summary>The file in a node's data folder, opened while no node runs on it: for exports and imports. Safe for several threads.</summary>
public sealed class SqliteNodeFile : IAsyncDisposable
{
    /// <summary>The file's name in its folder.</summary>
    public const string Name = SqliteDatabase.FileName;

    private readonly SqliteDatabase _database;
    private readonly string? _copy;

    private SqliteNodeFile(SqliteDatabase database, string folder, string? copy = null)
    {
        (_database, _copy) = (database, copy);
        var checks = new ItemChecks(Ed25519Signatures.Instance, TimeProvider.System);
        (Keys, States) = (new SqliteKeyStore(database, checks), new SqliteNodeStateStore(database));
        Crawls = new CrawlFiles(Path.Combine(folder, CrawlFiles.Folder), NullLogger<CrawlFiles>.Instance);
    }

    /// <summary>The values. A put is durable when it is acknowledged.</summary>
    public IKeyStore Keys { get; }

    /// <summary>The node's id and contacts.</summary>
    public INodeStateStore States { get; }

    /// <summary>The crawls that the folder keeps.</summary>
    internal ICrawlStore Crawls { get; }

    /// <summary>What is missing in a copy of a damaged file, in one sentence; null if the file was sound.</summary>
    public string? Damage => _database.Damage;

    /// <summary>Opens the file, and creates it and its folder if they are missing. A file that is refused stays as it is.</summary>
    /// <param name="folder">The node's data folder.</param>
    /// <param name="quota">Bounds what is put. What the file has is loaded even beyond it.</param>
    /// <exception cref="KeyStoreException">
    /// The file cannot be opened, or another process has it. A damaged one has a <see cref="DamagedDatabaseException"/> as inner exception.
    /// </exception>
    public static SqliteNodeFile Open(string folder, StoreQuota quota) =>
        new(SqliteDatabase.Open(folder, OptionsOf(quota) with { RefusesDamage = true }), folder);

    /// <summary>Copies the file to a temporary folder and keeps what is readable of it there. The folder itself is not changed.</summary>
    /// <param name="folder">The node's data folder.</param>
    /// <exception cref="KeyStoreException">Nothing of the file can be read.</exception>
    /// <exception cref="IOException">The file cannot be copied; <see cref="UnauthorizedAccessException"/> if that is not permitted.</exception>
    public static SqliteNodeFile OpenCopy(string folder)
    {
        var copy = Directory.CreateTempSubdirectory("kad-salvage-").FullName;
        try
        {
            foreach (var name in new[] { Name, Name + "-wal" })
            {
                if (File.Exists(Path.Combine(folder, name)))
                {
                    File.Copy(Path.Combine(folder, name), Path.Combine(copy, name));
                }
            }

            return new SqliteNodeFile(SqliteDatabase.Open(copy, OptionsOf(StoreQuota.Unlimited)), folder, copy);
        }
        catch
        {
            Directory.Delete(copy, recursive: true);
            throw;
        }
    }

    /// <summary>Finishes queued writes and closes the file. A copy is deleted.</summary>
    public async ValueTask DisposeAsync()
    {
        try
        {
            await Keys.DisposeAsync();
        }
        finally
        {
            await CloseAsync();
        }
    }

    private async Task CloseAsync()
    {
        try
        {
            await _database.DisposeAsync();
        }
        finally
        {
            if (_copy is not null)
            {
                Directory.Delete(_copy, recursive: true);
            }
        }
    }

    // Which interval the node has is not known here. With the longest nothing of its times is left out or deleted too early.
    private static StorageOptions OptionsOf(StoreQuota quota) => new(quota) { RepublishInterval = OptionChecks.LongestRepublishInterval };
}
