using KadOrleans.PortContracts;

namespace KadOrleans.Node.Tests.Local;

public sealed class InMemoryKeyStoreConcurrencyTests : KeyStoreConcurrencyContract
{
    protected override KeyStoreHost CreateHost() => new InMemoryKeyStoreHost();
}
