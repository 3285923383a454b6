using KadOrleans.Core.Values;
using KadOrleans.PortContracts;

namespace KadOrleans.Storage.Sqlite.Tests.Contracts;

public sealed class SqliteKeyStoreDurabilityTests : KeyStoreDurabilityContract
{
    protected override KeyStoreHost CreateHost() => new SqliteKeyStoreHost();

    [Fact]
    public async Task A_removed_key_stays_removed_after_reopening()
    {
        await using var host = CreateHost();
        var store = await host.OpenAsync(StoreQuota.Unlimited);
        await store.PutAsync(StoredValues.Key(1), StoredValues.Text("one"));
        await store.PutAsync(StoredValues.Key(2), StoredValues.Text("two"));
        var usage = await store.GetUsageAsync();

        Assert.True(await store.RemoveAsync(StoredValues.Key(1)));
        Assert.False(await store.RemoveAsync(StoredValues.Key(1)));
        Assert.Equal(usage.Keys - 1, (await store.GetUsageAsync()).Keys);
        await host.CloseAsync();
        store = await host.OpenAsync(StoreQuota.Unlimited);

        Assert.Null(await store.GetAsync(StoredValues.Key(1), StoredValues.Now));
        Assert.NotNull(await store.GetAsync(StoredValues.Key(2), StoredValues.Now));
    }
}
