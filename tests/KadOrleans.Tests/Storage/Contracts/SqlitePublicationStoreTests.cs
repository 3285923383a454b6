using KadOrleans.Storage.Sqlite;

namespace KadOrleans.Tests.Storage;

public sealed class SqlitePublicationStoreTests : PublicationStoreContract, IAsyncDisposable
{
    private readonly TemporaryFolder _folder = new();
    private SqliteDatabase? _database;

    [Fact]
    public async Task Publications_are_there_after_reopening_even_beyond_the_capacity_and_removed_ones_are_not()
    {
        var store = await OpenAsync(3);
        for (var i = 0; i < 3; i++)
        {
            Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(i), Of($"{i}")));
        }

        await store.RemoveAsync(StoredValues.Key(0));
        await _database!.DisposeAsync();

        store = await OpenAsync(1);
        Assert.Equal(new[] { StoredValues.Key(1), StoredValues.Key(2) }.Order(), (await ReadAllAsync(store)).Keys.Order());
        Assert.Equal(Of("2"), await store.GetAsync(StoredValues.Key(2)));
        Assert.Equal(StoreResult.TotalQuotaExceeded, await store.PutAsync(StoredValues.Key(3), Of("3")));
    }

    [Fact]
    public async Task A_replacement_is_there_after_reopening_and_one_whose_commit_failed_is_not()
    {
        var store = await OpenAsync(3);
        await store.PutAsync(StoredValues.Key(1), Of("1"));
        await store.PutAsync(StoredValues.Key(2), Of("2"));
        Assert.Equal(StoreResult.Stored, await store.ReplaceAsync(StoredValues.Key(1), Of("1"), Of("other")));
        await _database!.ExecuteAsync("PRAGMA query_only = ON");
        Assert.Equal(StoreResult.StorageFailed, await store.ReplaceAsync(StoredValues.Key(1), Of("other"), null));
        Assert.Equal(StoreResult.StorageFailed, await store.ReplaceAsync(StoredValues.Key(2), Of("2"), Of("other")));
        Assert.Equal(Of("2"), await store.GetAsync(StoredValues.Key(2)));
        await _database!.ExecuteAsync("PRAGMA query_only = OFF");

        // What was not committed is no successor.
        Assert.Equal(StoreResult.Superseded, await store.ReplaceAsync(StoredValues.Key(2), Of("other"), null));
        await _database!.DisposeAsync();

        store = await OpenAsync(3);
        Assert.Equal(Of("other"), await store.GetAsync(StoredValues.Key(1)));
        Assert.Equal(StoreResult.Stored, await store.ReplaceAsync(StoredValues.Key(2), Of("2"), null));
    }

    public async ValueTask DisposeAsync()
    {
        if (_database is not null)
        {
            await _database.DisposeAsync();
        }

        _folder.Dispose();
    }

    protected override ValueTask<IPublicationStore> OpenAsync(int capacity)
    {
        _database = SqliteDatabase.Open(_folder.Path, new(StoreQuota.Unlimited) { MaxPublications = capacity });
        return ValueTask.FromResult<IPublicationStore>(new SqlitePublicationStore(_database));
    }
}
