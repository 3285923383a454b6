using KadOrleans.Core.Values;
using KadOrleans.Node.Local;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;

namespace KadOrleans.Node.Tests.Local;

public sealed class InMemoryKeyStoreTests : KeyStoreContract
{
    protected override KeyStoreHost CreateHost() => new InMemoryKeyStoreHost();

    [Fact]
    public async Task Every_call_completes_synchronously()
    {
        await using var store = new InMemoryKeyStore(StoreQuota.Unlimited);

        Assert.True(store.PutAsync(StoredValues.Key(1), StoredValues.Text("now")).AsTask().IsCompletedSuccessfully);
        Assert.True(store.GetAsync(StoredValues.Key(1), StoredValues.Now).AsTask().IsCompletedSuccessfully);
        Assert.True(store.RemoveExpiredAsync(StoredValues.Now).AsTask().IsCompletedSuccessfully);
        Assert.True(store.GetUsageAsync().AsTask().IsCompletedSuccessfully);
        await using var scan = store.ScanAsync().GetAsyncEnumerator();
        Assert.True(scan.MoveNextAsync().AsTask().IsCompletedSuccessfully);
    }
}
