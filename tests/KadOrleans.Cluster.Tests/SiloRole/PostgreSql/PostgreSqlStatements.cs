using Npgsql;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Statements on a test's server, as its owner runs them.</summary>
internal static class PostgreSqlStatements
{
    public static async Task ExecuteAsync(this PostgreSqlServer server, string statements)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statements, connection);
        await command.ExecuteNonQueryAsync();
    }

    /// <summary>The first field of the first row.</summary>
    public static async Task<object?> ReadAsync(this PostgreSqlServer server, string statement)
    {
        await using var connection = new NpgsqlConnection(server.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statement, connection);
        return await command.ExecuteScalarAsync();
    }

    /// <summary>It crashes, all connections with it, and recovers by its log.</summary>
    public static async Task CrashAsync(this PostgreSqlServer server)
    {
        await server.KillAsync();
        await server.RestartAsync();
        NpgsqlConnection.ClearAllPools();
    }
}
