using KadOrleans.PortContracts;

namespace KadOrleans.Storage.Sqlite.Tests.Contracts;

/// <summary>The contract where memory keeps no value, so each read is one of the file.</summary>
public sealed class ColdSqliteKeyStoreTests : KeyStoreContract
{
    protected override KeyStoreHost CreateHost() => new SqliteKeyStoreHost(cacheBytes: 0);
}

/// <inheritdoc cref="ColdSqliteKeyStoreTests"/>
public sealed class ColdSqliteKeyStoreQuotaTests : KeyStoreQuotaContract
{
    protected override KeyStoreHost CreateHost() => new SqliteKeyStoreHost(cacheBytes: 0);
}

/// <inheritdoc cref="ColdSqliteKeyStoreTests"/>
public sealed class ColdSqliteKeyStoreConcurrencyTests : KeyStoreConcurrencyContract
{
    protected override KeyStoreHost CreateHost() => new SqliteKeyStoreHost(cacheBytes: 0);
}

/// <inheritdoc cref="ColdSqliteKeyStoreTests"/>
public sealed class ColdSqliteKeyStoreDurabilityTests : KeyStoreDurabilityContract
{
    protected override KeyStoreHost CreateHost() => new SqliteKeyStoreHost(cacheBytes: 0);
}
