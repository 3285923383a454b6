using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;
using KadOrleans.Testing;

namespace KadOrleans.Storage.Sqlite.Tests.Contracts;

/// <param name="cacheBytes">Of values in memory: with 0, each is read from the file.</param>
internal sealed class SqliteKeyStoreHost(long cacheBytes = SqliteDatabase.DefaultCacheBytes) : KeyStoreHost
{
    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase? _database;
    private SqliteKeyStore? _store;

    public override ValueTask<IKeyStore> OpenAsync(StoreQuota quota)
    {
        _database = SqliteDatabase.Open(_folder.Path, quota, cacheBytes: cacheBytes);
        _store = new SqliteKeyStore(_database);
        return ValueTask.FromResult<IKeyStore>(_store);
    }

    public override async ValueTask CloseAsync()
    {
        if (_store is not null && _database is not null)
        {
            await _store.DisposeAsync();
            await _database.DisposeAsync();
        }
    }

    public override async ValueTask DisposeAsync()
    {
        await base.DisposeAsync();
        _folder.Dispose();
    }
}
