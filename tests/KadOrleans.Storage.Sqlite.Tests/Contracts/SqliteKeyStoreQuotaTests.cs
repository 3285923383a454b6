using KadOrleans.PortContracts;

namespace KadOrleans.Storage.Sqlite.Tests.Contracts;

public sealed class SqliteKeyStoreQuotaTests : KeyStoreQuotaContract
{
    protected override KeyStoreHost CreateHost() => new SqliteKeyStoreHost();
}
