using KadOrleans.Node.Local;
using KadOrleans.Node.Ports;
using KadOrleans.PortContracts;

namespace KadOrleans.Node.Tests.Local;

public sealed class InMemoryNodeStateStoreTests : NodeStateStoreContract
{
    protected override NodeStateStoreHost CreateHost() => new Host();

    private sealed class Host : NodeStateStoreHost
    {
        public override ValueTask<INodeStateStore> OpenAsync() =>
            ValueTask.FromResult<INodeStateStore>(new InMemoryNodeStateStore());

        public override ValueTask CloseAsync() => ValueTask.CompletedTask;
    }
}
