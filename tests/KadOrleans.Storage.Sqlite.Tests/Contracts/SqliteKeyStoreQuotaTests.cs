using KadOrleans.Core.Values;
using KadOrleans.PortContracts;

namespace KadOrleans.Storage.Sqlite.Tests.Contracts;

public sealed class SqliteKeyStoreQuotaTests : KeyStoreQuotaContract
{
    protected override KeyStoreHost CreateHost() => new SqliteKeyStoreHost();

    [Fact]
    public async Task A_quota_is_changed_while_the_store_is_open_and_removes_nothing()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        await store.PutAllAsync(Enumerable.Range(0, 10).ToDictionary(StoredValues.Key, _ => StoredValues.Sized(50, StoredValues.Alice)));

        store.SetQuota(StoreQuota.Unlimited with { TotalKeys = 5, KeepsHeld = true });

        Assert.Equal(StoreResult.TotalQuotaExceeded, await store.PutAsync(StoredValues.Key(20), StoredValues.Sized(1, StoredValues.Bob)));
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(3), StoredValues.Sized(50, StoredValues.Alice)));
        Assert.Equal(10, (await store.GetUsageAsync()).Keys);
        store.SetQuota(StoreQuota.Unlimited with { TotalKeys = 11, KeepsHeld = true });
        Assert.Equal(StoreResult.Stored, await store.PutAsync(StoredValues.Key(20), StoredValues.Sized(1, StoredValues.Bob)));
        Assert.Equal(11, (await store.GetUsageAsync()).Keys);
    }
}
