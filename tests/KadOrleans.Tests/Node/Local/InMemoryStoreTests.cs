namespace KadOrleans.Tests.Node;

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

public sealed class InMemoryKeyStoreConcurrencyTests : KeyStoreConcurrencyContract
{
    protected override KeyStoreHost CreateHost() => new InMemoryKeyStoreHost();
}

public sealed class InMemoryKeyStoreQuotaTests : KeyStoreQuotaContract
{
    protected override KeyStoreHost CreateHost() => new InMemoryKeyStoreHost();
}

internal sealed class InMemoryKeyStoreHost : KeyStoreHost
{
    private InMemoryKeyStore? _store;

    public override ValueTask<IKeyStore> OpenAsync(StoreQuota quota)
    {
        _store = new InMemoryKeyStore(quota);
        return ValueTask.FromResult<IKeyStore>(_store);
    }

    public override ValueTask CloseAsync() => _store?.DisposeAsync() ?? ValueTask.CompletedTask;
}

public sealed class InMemoryNodeStateStoreTests : NodeStateStoreContract
{
    protected override NodeStateStoreHost CreateHost() => new Host();

    private sealed class Host : NodeStateStoreHost
    {
        public override ValueTask<INodeStateStore> OpenAsync(StoreQuota quota) =>
            ValueTask.FromResult<INodeStateStore>(new InMemoryNodeStateStore());

        public override ValueTask CloseAsync() => ValueTask.CompletedTask;
    }
}

public sealed class InMemoryPublicationStoreTests : PublicationStoreContract
{
    protected override ValueTask<IPublicationStore> OpenAsync(int capacity) =>
        ValueTask.FromResult<IPublicationStore>(new InMemoryPublicationStore(capacity));
}
