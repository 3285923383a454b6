namespace KadOrleans.Tests.Node;

public sealed class InMemoryKeyStoreTests : KeyStoreQuotaContract
{
    protected override KeyStoreHost CreateHost() => new InMemoryKeyStoreHost();
}

public sealed class InMemoryMarkTests : KeyStoreMarkContract
{
    protected override KeyStoreHost CreateHost() => new InMemoryKeyStoreHost();
}

internal sealed class InMemoryKeyStoreHost : KeyStoreHost
{
    private InMemoryKeyStore? _store;

    public override ValueTask<IKeyStore> OpenAsync(StoreQuota quota)
    {
        _store = new InMemoryKeyStore(quota, SignedItems.NewChecks());
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
