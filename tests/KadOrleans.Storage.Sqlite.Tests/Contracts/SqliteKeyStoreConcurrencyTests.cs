using KadOrleans.PortContracts;

namespace KadOrleans.Storage.Sqlite.Tests.Contracts;

public sealed class SqliteKeyStoreConcurrencyTests : KeyStoreConcurrencyContract
{
    protected override KeyStoreHost CreateHost() => new SqliteKeyStoreHost();
}
