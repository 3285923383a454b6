using KadOrleans.PortContracts;

namespace KadOrleans.Storage.Sqlite.Tests.Contracts;

public sealed class SqliteKeyStoreTests : KeyStoreContract
{
    protected override KeyStoreHost CreateHost() => new SqliteKeyStoreHost();
}
