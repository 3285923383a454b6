using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Cli.Hosting;

/// <summary>The file in a node's data folder, opened while no node runs on it.</summary>
internal sealed class NodeStorage : IAsyncDisposable
{
    private readonly SqliteDatabase _database;

    private NodeStorage(SqliteDatabase database)
    {
        _database = database;
        (Keys, States, Publications) = (
            new SqliteKeyStore(database), new SqliteNodeStateStore(database), new SqlitePublicationStore(database));
    }

    public IKeyStore Keys { get; }

    public INodeStateStore States { get; }

    public IPublicationStore Publications { get; }

    /// <summary>What was damaged when the folder was opened, in a sentence; null if it was sound.</summary>
    public string? Damage => _database.Damage;

    /// <summary>Opens a data folder.</summary>
    /// <exception cref="KeyStoreException">The folder cannot be used.</exception>
    public static NodeStorage Open(string folder, StoreQuota quota, DamagePolicy onDamage) =>
        new(SqliteDatabase.Open(folder, quota, onDamage: onDamage));

    public async ValueTask DisposeAsync()
    {
        await Keys.DisposeAsync();
        await _database.DisposeAsync();
    }
}
