using KadOrleans.PortContracts;

namespace KadOrleans.Storage.Sqlite.Tests.Contracts;

public sealed class SqliteNodeStateStoreDurabilityTests : NodeStateStoreDurabilityContract
{
    protected override NodeStateStoreHost CreateHost() => new SqliteNodeStateStoreHost();
}
