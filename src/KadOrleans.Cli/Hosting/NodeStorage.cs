using KadOrleans.SqliteFiles;
using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Cli.Hosting;

/// <summary>
/// A data folder opened for reading. A damaged one is copied to a temporary folder, and the copy is repaired. The folder itself is not
/// changed.
/// </summary>
/// <param name="Storage">The folder, or its copy.</param>
/// <param name="Damage">The missing parts, in a sentence; null if the folder was sound.</param>
internal sealed record SalvagedStorage(NodeStorage Storage, string? Damage) : IAsyncDisposable
{
    private string? Copy { get; init; }

    /// <summary>Opens a data folder: a damaged one only if it <paramref name="salvages"/>.</summary>
    /// <exception cref="KeyStoreException">It cannot be opened.</exception>
    public static SalvagedStorage Open(string folder, bool salvages)
    {
        try
        {
            return new SalvagedStorage(NodeStorage.Open(folder, StoreQuota.Unlimited, DamagePolicy.Refuse), null);
        }
        catch (KeyStoreException e) when (e.InnerException is DamagedDatabaseException)
        {
            return salvages
                ? OpenCopy(folder)
                : throw CommandException.WrongUsage($"{e.Message} --salvage exports what can be read.", e);
        }
    }

    public async ValueTask DisposeAsync()
    {
        await Storage.DisposeAsync();
        if (Copy is not null)
        {
            Directory.Delete(Copy, recursive: true);
        }
    }

    private static SalvagedStorage OpenCopy(string folder)
    {
        var copy = Directory.CreateTempSubdirectory("kad-salvage-").FullName;
        try
        {
            foreach (var name in new[] { SqliteDatabase.FileName, SqliteDatabase.FileName + "-wal" })
            {
                if (File.Exists(Path.Combine(folder, name)))
                {
                    File.Copy(Path.Combine(folder, name), Path.Combine(copy, name));
                }
            }

            var storage = NodeStorage.Open(copy, StoreQuota.Unlimited, DamagePolicy.SetAside);
            return new SalvagedStorage(storage, storage.Damage) { Copy = copy };
        }
        catch
        {
            Directory.Delete(copy, recursive: true);
            throw;
        }
    }
}

/// <summary>The file in a node's data folder, opened while no node runs on it.</summary>
internal sealed class NodeStorage : IAsyncDisposable
{
    private readonly SqliteDatabase _database;

    private NodeStorage(SqliteDatabase database)
    {
        _database = database;
        (Keys, States) = (new SqliteKeyStore(database), new SqliteNodeStateStore(database));
    }

    public IKeyStore Keys { get; }

    public INodeStateStore States { get; }

    /// <summary>The damage found when the folder was opened, in a sentence. Null if it was sound.</summary>
    public string? Damage => _database.Damage;

    /// <exception cref="KeyStoreException">The folder cannot be used.</exception>
    public static NodeStorage Open(string folder, StoreQuota quota, DamagePolicy onDamage) =>
        new(SqliteDatabase.Open(folder, quota, onDamage: onDamage));

    public async ValueTask DisposeAsync()
    {
        await Keys.DisposeAsync();
        await _database.DisposeAsync();
    }
}
