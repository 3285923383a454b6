using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Cli;

/// <summary>The file in a node's data folder, opened while no node runs on it.</summary>
internal sealed class NodeStorage(SqliteDatabase database, string? copy) : IAsyncDisposable
{
    public IKeyStore Keys { get; } = new SqliteKeyStore(database);

    public INodeStateStore States { get; } = new SqliteNodeStateStore(database);

    public string? Damage => database.Damage;

    public static NodeStorage Open(string folder, StoreQuota quota) =>
        new(SqliteDatabase.Open(folder, new(quota) { RefusesDamage = true }), null);

    // Opens a data folder for reading. A damaged one is copied to a temporary folder if it salvages, and the copy is repaired.
    // The folder itself is not changed.
    public static NodeStorage OpenForReading(string folder, bool salvages)
    {
        try
        {
            return Open(folder, StoreQuota.Unlimited);
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
        await Keys.DisposeAsync();
        await database.DisposeAsync();
        if (copy is not null)
        {
            Directory.Delete(copy, recursive: true);
        }
    }

    private static NodeStorage OpenCopy(string folder)
    {
        var folderOfCopy = Directory.CreateTempSubdirectory("kad-salvage-").FullName;
        try
        {
            foreach (var name in new[] { SqliteDatabase.FileName, SqliteDatabase.FileName + "-wal" })
            {
                if (File.Exists(Path.Combine(folder, name)))
                {
                    File.Copy(Path.Combine(folder, name), Path.Combine(folderOfCopy, name));
                }
            }

            return new NodeStorage(SqliteDatabase.Open(folderOfCopy, new(StoreQuota.Unlimited)), folderOfCopy);
        }
        catch
        {
            Directory.Delete(folderOfCopy, recursive: true);
            throw;
        }
    }
}
