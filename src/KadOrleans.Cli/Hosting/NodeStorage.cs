using KadOrleans.Core.Values;
using KadOrleans.Node.Local;
using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cli.Hosting;

/// <summary>Where a node keeps its keys and its state: one file, or memory.</summary>
internal sealed class NodeStorage : IAsyncDisposable
{
    private const int ManyKeys = 100_000;

    private readonly SqliteDatabase? _database;

    private NodeStorage(SqliteDatabase? database, IKeyStore keys, INodeStateStore states, IPublicationStore publications)
    {
        (_database, Keys, States, Publications) = (database, keys, states, publications);
    }

    public IKeyStore Keys { get; }

    public INodeStateStore States { get; }

    public IPublicationStore Publications { get; }

    /// <summary>What was damaged when the folder was opened, in a sentence; null if it was sound.</summary>
    public string? Damage => _database?.Damage;

    /// <summary>Opens a data folder, or memory where none is given.</summary>
    /// <exception cref="KeyStoreException">The folder cannot be used.</exception>
    public static NodeStorage Open(string? folder, StoreQuota quota, ILoggerFactory loggers, DamagePolicy onDamage)
    {
        if (folder is null)
        {
            return new NodeStorage(
                null,
                new InMemoryKeyStore(quota),
                new InMemoryNodeStateStore(),
                new InMemoryPublicationStore(SqliteDatabase.DefaultMaxPublications));
        }

        var database = SqliteDatabase.Open(folder, quota, loggers.CreateLogger<SqliteDatabase>(), onDamage: onDamage);

        // Reading a large file leaves behind about as much as it is for. Nobody waits yet, and half a second is a tenth of the start.
        if (database.Keys >= ManyKeys)
        {
            GC.Collect(GC.MaxGeneration, GCCollectionMode.Aggressive, blocking: true, compacting: true);
        }

        return new NodeStorage(
            database, new SqliteKeyStore(database), new SqliteNodeStateStore(database), new SqlitePublicationStore(database));
    }

    public async ValueTask DisposeAsync()
    {
        await Keys.DisposeAsync();
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }
    }
}
