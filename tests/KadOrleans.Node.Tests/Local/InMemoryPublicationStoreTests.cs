using KadOrleans.Node.Local;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;

namespace KadOrleans.Node.Tests.Local;

public sealed class InMemoryPublicationStoreTests : PublicationStoreContract
{
    protected override ValueTask<IPublicationStore> OpenAsync(int capacity) =>
        ValueTask.FromResult<IPublicationStore>(new InMemoryPublicationStore(capacity));
}
