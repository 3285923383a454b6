using KadOrleans.PortContracts;

namespace KadOrleans.Storage.Sqlite.Tests.Contracts;

public sealed class SqliteKeyStoreDurabilityTests : KeyStoreDurabilityContract
{
    protected override KeyStoreHost CreateHost() => new SqliteKeyStoreHost();
}
