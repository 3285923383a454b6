using KadOrleans.Core.Values;
using KadOrleans.Node.Local;
using KadOrleans.Node.Ports;
using KadOrleans.Storage.Sqlite;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Cli.Hosting;

/// <summary>Where a node keeps its keys and its state: one file, or memory.</summary>
internal sealed class NodeStorage : IAsyncDisposable
{
    private readonly SqliteDatabase? _database;

    private NodeStorage(SqliteDatabase? database, IKeyStore keys, INodeStateStore states)
    {
        (_database, Keys, States) = (database, keys, states);
    }

    public IKeyStore Keys { get; }

    public INodeStateStore States { get; }

    /// <summary>Opens a data folder, or memory where none is given.</summary>
    /// <exception cref="KeyStoreException">The folder cannot be used.</exception>
    public static NodeStorage Open(string? folder, StoreQuota quota, ILoggerFactory loggers)
    {
        if (folder is null)
        {
            return new NodeStorage(null, new InMemoryKeyStore(quota), new InMemoryNodeStateStore());
        }

        var database = SqliteDatabase.Open(folder, quota, loggers.CreateLogger<SqliteDatabase>());
        return new NodeStorage(database, new SqliteKeyStore(database), new SqliteNodeStateStore(database));
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
