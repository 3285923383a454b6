using KadOrleans.PortContracts;

namespace KadOrleans.Node.Tests.Local;

public sealed class InMemoryKeyStoreQuotaTests : KeyStoreQuotaContract
{
    protected override KeyStoreHost CreateHost() => new InMemoryKeyStoreHost();
}
