using KadOrleans.PortContracts;

namespace KadOrleans.Storage.Sqlite.Tests.Contracts;

public sealed class SqliteNodeStateStoreTests : NodeStateStoreContract
{
    protected override NodeStateStoreHost CreateHost() => new SqliteNodeStateStoreHost();
}
