using KadOrleans.Core.Values;
using KadOrleans.Node.Local;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;

namespace KadOrleans.Node.Tests.Local;

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
