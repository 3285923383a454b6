using KadOrleans.Silo.Tests.Storage;

namespace KadOrleans.Silo.Tests.PostgreSql;

/// <summary>The class needs PostgreSQL.</summary>
public sealed class PostgreSqlAttribute : StorageServerAttribute
{
    public override bool IsThere => PostgreSqlServer.IsThere;
}
