using Npgsql;

namespace KadOrleans.Cluster.Tests.SiloRole;

// Holds transactions that have inserted a state before they commit: others cannot see it, and its client gets no response.
internal sealed class InsertGate : IAsyncDisposable
{
    private const string Install =
        """
        CREATE OR REPLACE FUNCTION kad_test_gate() RETURNS trigger LANGUAGE plpgsql AS $$
        BEGIN PERFORM pg_advisory_xact_lock_shared(1); RETURN NULL; END $$;
        CREATE OR REPLACE TRIGGER kad_test_gate AFTER INSERT ON orleansstorage FOR EACH ROW EXECUTE FUNCTION kad_test_gate();
        """;

    private readonly NpgsqlConnection _connection;

    private InsertGate(NpgsqlConnection connection) => _connection = connection;

    public static async Task<InsertGate> CloseAsync(PostgreSqlServer server)
    {
        await server.ExecuteAsync(Install);
        var connection = new NpgsqlConnection($"{server.ConnectionString};Pooling=false");
        await connection.OpenAsync();
        var gate = new InsertGate(connection);
        await gate.AskAsync("SELECT pg_advisory_lock(1)");
        return gate;
    }

    /// <summary>Waits until so many sessions wait: at the gate, or for a transaction that does.</summary>
    public async Task HeldAsync(long sessions)
    {
        while ((long)(await AskAsync("SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted"))! < sessions)
        {
            await Task.Yield();
        }
    }

    public Task OpenAsync() => AskAsync("SELECT pg_advisory_unlock(1)");

    public ValueTask DisposeAsync() => _connection.DisposeAsync();

    private async Task<object?> AskAsync(string query)
    {
        await using var command = new NpgsqlCommand(query, _connection);
        return await command.ExecuteScalarAsync();
    }
}
