namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A PostgreSQL server with the schema, for providers without a silo.</summary>
public sealed class PostgreSqlDatabase : IAsyncLifetime
{
    private PostgreSqlServer? _server;

    internal PostgreSqlServer Server => _server!;

    // Without PostgreSQL the tests are skipped.
    public async ValueTask InitializeAsync() => _server = PostgreSqlServer.IsThere ? await PostgreSqlServer.StartAsync() : null;

    public ValueTask DisposeAsync() => _server?.DisposeAsync() ?? ValueTask.CompletedTask;
}
