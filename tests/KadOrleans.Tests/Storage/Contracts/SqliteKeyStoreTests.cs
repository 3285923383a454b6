using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

public sealed class SqliteKeyStoreTests : KeyStoreDurabilityContract
{
    protected override KeyStoreHost CreateHost() => new SqliteKeyStoreHost();

    [Fact]
    public async Task A_removed_key_stays_removed_after_reopening()
    {
        await Store.PutAsync(StoredValues.Key(1), StoredValues.Text("one"));
        await Store.PutAsync(StoredValues.Key(2), StoredValues.Text("two"));

        Assert.True(await Store.RemoveAsync(StoredValues.Key(1)));
        Assert.False(await Store.RemoveAsync(StoredValues.Key(1)));
        Assert.Equal(1, (await Store.GetUsageAsync()).Keys);
        await ReopenAsync();

        Assert.Null(await Store.GetAsync(StoredValues.Key(1), StoredValues.Now));
        Assert.NotNull(await Store.GetAsync(StoredValues.Key(2), StoredValues.Now));
    }

    [Fact]
    public async Task A_quota_is_changed_while_the_store_is_open_and_removes_nothing()
    {
        await Store.PutAllAsync(Enumerable.Range(0, 10).ToDictionary(StoredValues.Key, _ => StoredValues.Sized(50, StoredValues.Alice)));

        Store.SetQuota(StoreQuota.Unlimited with { TotalKeys = 5, KeepsHeld = true });
        Assert.Equal(StoreResult.TotalQuotaExceeded, await Store.PutAsync(StoredValues.Key(20), StoredValues.Sized(1, StoredValues.Bob)));
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(StoredValues.Key(3), StoredValues.Sized(50, StoredValues.Alice)));
        Assert.Equal(10, (await Store.GetUsageAsync()).Keys);

        Store.SetQuota(StoreQuota.Unlimited with { TotalKeys = 11, KeepsHeld = true });
        Assert.Equal(StoreResult.Stored, await Store.PutAsync(StoredValues.Key(20), StoredValues.Sized(1, StoredValues.Bob)));
        Assert.Equal(11, (await Store.GetUsageAsync()).Keys);
    }
}

/// <summary>The contract where memory keeps no value, so each read is one of the file.</summary>
public sealed class ColdSqliteKeyStoreTests : KeyStoreDurabilityContract
{
    protected override KeyStoreHost CreateHost() => new SqliteKeyStoreHost(cacheBytes: 0);
}

/// <param name="cacheBytes">Of values in memory: with 0, each is read from the file.</param>
internal sealed class SqliteKeyStoreHost(long cacheBytes = 64 << 20) : KeyStoreHost
{
    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase? _database;
    private SqliteKeyStore? _store;

    public override ValueTask<IKeyStore> OpenAsync(StoreQuota quota)
    {
        _database = SqliteDatabase.Open(_folder.Path, new(quota) { CacheBytes = cacheBytes });
        _store = new SqliteKeyStore(_database, SignedItems.NewChecks());
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
