using KadOrleans.Testing.Conditions;
using Npgsql;

namespace KadOrleans.Silo.Tests.Deployment;

/// <summary>What the schema Job makes of databases in every state, and what silos and edges wait for.</summary>
public sealed class SchemaTests : IDisposable
{
    private const string FirstWrite = "SELECT * FROM writetostorage(1, 2, 3, 4, 'shard', NULL, 'kad', NULL, '\\x01')";

    private static readonly string[] Scripts =
        ["PostgreSQL-Main.sql", "PostgreSQL-Clustering.sql", "PostgreSQL-Persistence.sql", "PostgreSQL-Reminders.sql"];

    private static readonly Dictionary<string, string> Roles = new() { ["SILO_ROLE"] = "kad silo", ["EDGE_ROLE"] = "kad_edge" };
    private static readonly Dictionary<string, string> None = [];

    private readonly string _folder = Directory.CreateTempSubdirectory("kad-schema-").FullName;

    [Fact]
    [Needs(Need.Kubectl | Need.PostgreSql)]
    public async Task Of_two_first_writes_of_one_state_one_fails()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        var program = await SchemaProgram.CreateAsync(server, "fresh", _folder);
        Assert.Equal(0, (await program.ApplyAsync(None)).Code);
        await using var first = new NpgsqlConnection(program.Owner.ConnectionString);
        await using var second = new NpgsqlConnection(program.Owner.ConnectionString);
        await first.OpenAsync();
        await second.OpenAsync();
        await using var transaction = await first.BeginTransactionAsync();
        await using var write = new NpgsqlCommand(FirstWrite, first, transaction);
        await write.ExecuteNonQueryAsync();

        await using var other = new NpgsqlCommand(FirstWrite, second);
        var waiting = other.ExecuteNonQueryAsync();
        using (var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(10)))
        {
            while (!waiting.IsCompleted && await program.ReadAsync("SELECT count(*) FROM pg_locks WHERE NOT granted") is 0L)
            {
                await timer.WaitForNextTickAsync();
            }
        }

        await transaction.CommitAsync();

        Assert.Equal(PostgresErrorCodes.UniqueViolation, (await Assert.ThrowsAsync<PostgresException>(() => waiting)).SqlState);
        Assert.Equal(1L, await program.ReadAsync("SELECT count(*) FROM orleansstorage"));
    }

    [Fact]
    [Needs(Need.Kubectl | Need.PostgreSql)]
    public async Task A_database_with_older_tables_gets_index_and_grants()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        var program = await SchemaProgram.CreateAsync(server, "before", _folder);
        foreach (var script in Scripts)
        {
            await program.ExecuteFileAsync(script);
        }

        await program.ExecuteAsync("CREATE USER \"kad silo\"; CREATE USER kad_edge");
        var waiting = program.WaitAsync("silo", "kad silo");
        Assert.Equal("Waiting for the unique index kad_orleansstorage_identity", await waiting.LineAsync());

        var result = await program.ApplyAsync(Roles);

        Assert.True(result.Code == 0, result.Errors);
        Assert.Equal("The tables of Orleans are there already, with the unique index.", result.Output);
        Assert.Equal(0, (await waiting.Result).Code);
        Assert.True((bool)(await program.ReadAsync("SELECT has_table_privilege('kad silo', 'orleansstorage', 'UPDATE')"))!);
        Assert.False((bool)(await program.ReadAsync("SELECT has_table_privilege('kad_edge', 'orleansstorage', 'SELECT')"))!);
    }

    [Fact]
    [Needs(Need.Kubectl | Need.PostgreSql)]
    public async Task Duplicate_rows_are_reported_in_one_sentence()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        var program = await SchemaProgram.CreateAsync(server, "duplicates", _folder);
        foreach (var script in Scripts)
        {
            await program.ExecuteFileAsync(script);
        }

        await program.ExecuteAsync($"{FirstWrite}; INSERT INTO orleansstorage SELECT * FROM orleansstorage");

        var result = await program.ApplyAsync(None);

        Assert.Equal(3, result.Code);
        Assert.Contains("ERROR:  The table orleansstorage has 2 rows for 1 states where each may have one;", result.Errors, StringComparison.Ordinal);
        Assert.Equal(1, result.Errors.Split('\n').Count(line => line.Length > 0));
        var statement = result.Errors[result.Errors.IndexOf("SELECT ", StringComparison.Ordinal)..];
        Assert.Equal("shard", await program.ReadAsync(statement));
    }

    [Fact]
    [Needs(Need.Kubectl | Need.PostgreSql)]
    public async Task A_role_that_is_missing_is_named_and_nothing_is_applied()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        var program = await SchemaProgram.CreateAsync(server, "roles", _folder);

        var result = await program.ApplyAsync(Roles);

        Assert.Equal(3, result.Code);
        Assert.Contains("The silos' role kad silo does not exist; make it and run this again: CREATE USER \"kad silo\"", result.Errors, StringComparison.Ordinal);
        Assert.Equal(0L, await program.ReadAsync("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
    }

    [Fact]
    [Needs(Need.Kubectl | Need.PostgreSql)]
    public async Task A_script_with_another_digest_is_not_applied()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        var program = await SchemaProgram.CreateAsync(server, "digest", _folder);

        var result = await program.ApplyAsync(new Dictionary<string, string> { ["REMINDERS_SHA256"] = "1234" });

        Assert.Equal(4, result.Code);
        Assert.Matches(
            "^PostgreSQL-Reminders.sql has the SHA-256 digest [0-9a-f]{64} where REMINDERS_SHA256 expects 1234; nothing was applied.\n$", result.Errors);
        Assert.Equal(0L, await program.ReadAsync("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
    }

    [Fact]
    [Needs(Need.Kubectl | Need.PostgreSql)]
    public async Task An_edge_waits_for_tables_and_its_rights_and_says_so()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        var program = await SchemaProgram.CreateAsync(server, "waits", _folder);
        await program.ExecuteAsync("CREATE USER \"kad silo\"; CREATE USER kad_edge");

        var waiting = program.WaitAsync("edge", "kad_edge");

        Assert.Equal("Waiting for the table orleansquery", await waiting.LineAsync());
        Assert.Equal(0, (await program.ApplyAsync(None)).Code);
        Assert.Equal("Waiting for the right of kad_edge to SELECT orleansquery", await waiting.LineAsync());
        Assert.Equal(0, (await program.ApplyAsync(Roles)).Code);
        Assert.Equal("The database is ready for the edge.", await waiting.LineAsync());
        Assert.Equal(0, (await waiting.Result).Code);
    }

    public void Dispose() => Directory.Delete(_folder, recursive: true);
}
