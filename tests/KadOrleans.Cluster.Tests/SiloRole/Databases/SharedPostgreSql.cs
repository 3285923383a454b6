using KadOrleans.Cluster.Tests.SiloRole;
using Npgsql;

[assembly: AssemblyFixture(typeof(SharedPostgreSql))]

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A PostgreSQL server for all tests that neither stop nor alter it. Each has a database of its own.</summary>
public sealed class SharedPostgreSql : IAsyncDisposable
{
    // Several processes of several tests share the server's hundred connections.
    private const int ConnectionsPerProcess = 10;

    // Lets in one after another: databases are copied from one that nobody may use meanwhile.
    private readonly SemaphoreSlim _gate = new(1);

    private PostgreSqlServer? _server;
    private int _count;

    public async Task<string> CreateDatabaseAsync()
    {
        await _gate.WaitAsync();
        try
        {
            _server ??= await PostgreSqlServer.StartAsync();
            var made = new NpgsqlConnectionStringBuilder(_server.ConnectionString) { MaxPoolSize = ConnectionsPerProcess };
            var schema = made.Database;
            made.Database = $"kad_{++_count}";
            var template = new NpgsqlConnectionStringBuilder(_server.ConnectionString) { Database = "template1", Pooling = false };
            await PostgreSqlStatements.ExecuteAsync(template.ConnectionString, $"CREATE DATABASE {made.Database} TEMPLATE {schema}");
            return made.ConnectionString;
        }
        finally
        {
            _gate.Release();
        }
    }

    public static string[] StorageIn(string connectionString) => ["Kad:Storage=PostgreSql", $"Kad:PostgreSql:ConnectionString={connectionString}"];

    public async Task<string[]> CreateStorageAsync() => StorageIn(await CreateDatabaseAsync());

    public async ValueTask DisposeAsync()
    {
        if (_server is not null)
        {
            await _server.DisposeAsync();
        }

        _gate.Dispose();
    }
}
