using Npgsql;

namespace KadOrleans.Cluster.Tests.SiloRole;

internal static class PostgreSqlStatements
{
    public static Task ExecuteAsync(this PostgreSqlServer server, string statements) => ExecuteAsync(server.ConnectionString, statements);

    public static Task<object?> ReadAsync(this PostgreSqlServer server, string statement) => ReadAsync(server.ConnectionString, statement);

    public static Task ExecuteAsync(string database, string statements) =>
        RunAsync(database, statements, command => command.ExecuteNonQueryAsync());

    public static Task<object?> ReadAsync(string database, string statement) =>
        RunAsync(database, statement, command => command.ExecuteScalarAsync());

    /// <summary>It crashes, all connections with it, and recovers by its log.</summary>
    public static async Task CrashAsync(this PostgreSqlServer server)
    {
        await server.KillAsync();
        await server.RestartAsync();
        NpgsqlConnection.ClearAllPools();
    }

    private static async Task<T> RunAsync<T>(string database, string statements, Func<NpgsqlCommand, Task<T>> run)
    {
        await using var connection = new NpgsqlConnection(database);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statements, connection);
        return await run(command);
    }
}
