using Npgsql;

namespace KadOrleans.Cluster.Tests.SiloRole;

[Needs(Need.PostgreSql)]
public sealed class SchemaTests(PostgreSqlDatabase database) : IClassFixture<PostgreSqlDatabase>
{
    [Fact]
    public async Task Of_two_first_writes_of_one_state_the_second_gets_no_version_and_its_transaction_goes_on()
    {
        var program = await SchemaProgram.CreateAsync(database.Server, "fresh");
        Assert.Equal(0, (await program.ApplyAsync()).Code);
        await using var first = await Writer.BeginAsync(program);
        await using var second = await Writer.BeginAsync(program);
        Assert.Equal(1, await first.WriteAsync("shard"));

        // Its deadline ends it if it waits for the writer.
        var again = await program.ApplyAsync();
        Assert.True(again.Code == 0, again.Errors);

        var waiting = second.WriteAsync("shard");
        await Eventually.ReadAsync(
            () => program.ReadAsync("SELECT count(*) FROM pg_locks WHERE NOT granted"), held => waiting.IsCompleted || held is not 0L);
        await first.CommitAsync();
        Assert.Null(await waiting);
        Assert.Null(await second.WriteAsync("shard", version: 7));
        Assert.Equal(2, await second.WriteAsync("shard", version: 1));
        Assert.Equal(1, await second.WriteAsync("other"));
        await second.CommitAsync();

        Assert.Equal("other 1, shard 2", await program.ReadAsync(
            "SELECT string_agg(graintypestring || ' ' || version, ', ' ORDER BY graintypestring) FROM orleansstorage"));
    }

    [Fact]
    public async Task A_database_with_older_tables_gets_index_queries_and_grants()
    {
        var program = await SchemaProgram.CreateAsync(database.Server, "before");
        await program.ApplyAsync();
        var queries = await program.ReadAsync(Queries);
        await program.ExecuteAsync(
            """
            DROP INDEX kad_orleansstorage_identity;
            DELETE FROM orleansquery WHERE querykey = 'CleanupDefunctSiloEntryKey';
            UPDATE orleansquery SET querytext = 'SELECT' WHERE querykey = 'GatewaysQueryKey';
            CREATE USER "a silo";
            CREATE USER an_edge;
            """);
        await using var waiting = program.Wait("silo", "a silo");
        Assert.Equal("Waiting for the unique index kad_orleansstorage_identity", await waiting.ReadLineAsync());

        var result = await program.ApplyAsync("a silo", "an_edge");

        Assert.True(result.Code == 0, result.Errors);
        Assert.Equal("The schema is there: tables, unique index and queries.", result.Output);
        Assert.Equal(0, await waiting.ExitAsync());
        Assert.Equal(queries, await program.ReadAsync(Queries));
        Assert.True((bool)(await program.ReadAsync("SELECT has_table_privilege('a silo', 'orleansstorage', 'UPDATE')"))!);
        Assert.False((bool)(await program.ReadAsync("SELECT has_table_privilege('an_edge', 'orleansstorage', 'SELECT')"))!);
    }

    [Fact]
    public async Task Duplicate_rows_are_reported_in_one_sentence()
    {
        var program = await SchemaProgram.CreateAsync(database.Server, "duplicates");
        await program.ApplyAsync();
        await program.ExecuteAsync(
            "DROP INDEX kad_orleansstorage_identity; SELECT writetostorage(1, 2, 3, 4, 'shard', NULL, 'kad', NULL, '\\x01');"
            + "INSERT INTO orleansstorage SELECT * FROM orleansstorage");

        var result = await program.ApplyAsync();

        Assert.Equal(3, result.Code);
        Assert.Contains("ERROR:  The table orleansstorage has 2 rows for 1 states where each may have one;", result.Errors, StringComparison.Ordinal);
        Assert.Equal(1, result.Errors.Split('\n').Count(line => line.Length > 0));
        var statement = result.Errors[result.Errors.IndexOf("SELECT ", StringComparison.Ordinal)..];
        Assert.Equal("shard", await program.ReadAsync(statement));
    }

    [Fact]
    public async Task A_role_that_is_missing_is_named_and_nothing_is_applied()
    {
        var program = await SchemaProgram.CreateAsync(database.Server, "roles");

        var result = await program.ApplyAsync("no silo", "no_edge");

        Assert.Equal(3, result.Code);
        Assert.Contains("The silos' role no silo does not exist; make it and run this again: CREATE USER \"no silo\"", result.Errors, StringComparison.Ordinal);
        Assert.Equal(0L, await program.ReadAsync("SELECT count(*) FROM pg_tables WHERE schemaname = 'public'"));
    }

    [Fact]
    public async Task An_edge_waits_for_tables_and_its_rights_and_says_so()
    {
        var program = await SchemaProgram.CreateAsync(database.Server, "waits");
        await program.ExecuteAsync("CREATE USER \"kad silo\"; CREATE USER kad_edge");

        await using var waiting = program.Wait("edge", "kad_edge");

        Assert.Equal("Waiting for the table orleansquery", await waiting.ReadLineAsync());
        Assert.Equal(0, (await program.ApplyAsync()).Code);
        Assert.Equal("Waiting for the right of kad_edge to SELECT orleansquery", await waiting.ReadLineAsync());
        Assert.Equal(0, (await program.ApplyAsync("kad silo", "kad_edge")).Code);
        Assert.Equal("The database is ready for the edge.", await waiting.ReadLineAsync());
        Assert.Equal(0, await waiting.ExitAsync());
    }

    [Fact]
    [Needs(Need.OrleansScripts)]
    public async Task Tables_of_Orleans_own_scripts_have_the_same_columns_and_get_the_same_queries_and_function()
    {
        var own = await SchemaProgram.CreateAsync(database.Server, "own");
        await own.ApplyAsync();
        var theirs = await SchemaProgram.CreateByOrleansAsync(database.Server, "theirs");
        Assert.Equal(await theirs.ReadAsync(Columns), await own.ReadAsync(Columns));

        Assert.Equal(0, (await theirs.ApplyAsync()).Code);

        Assert.Equal(await own.ReadAsync(Queries), await theirs.ReadAsync(Queries));
        Assert.Equal(await own.ReadAsync(Function), await theirs.ReadAsync(Function));
    }

    private const string Columns =
        """
        SELECT string_agg(concat_ws(' ', attrelid::regclass, attname, format_type(atttypid, atttypmod), attnotnull), ', '
          ORDER BY attrelid::regclass::text, attname)
        FROM pg_attribute WHERE attrelid IN (SELECT oid FROM pg_class WHERE relkind = 'r' AND relname LIKE 'orleans%') AND attnum > 0
        """;

    private const string Queries = "SELECT string_agg(querykey || querytext, '' ORDER BY querykey) FROM orleansquery";

    private const string Function = "SELECT pg_get_functiondef('writetostorage'::regproc)";

    private const string Write = "SELECT newgrainstateversion FROM writetostorage(1, 2, 3, 4, $1, NULL, 'kad', $2, '\\x01')";

    private sealed class Writer(NpgsqlConnection connection, NpgsqlTransaction transaction) : IAsyncDisposable
    {
        public static async Task<Writer> BeginAsync(SchemaProgram program)
        {
            var connection = new NpgsqlConnection(program.Owner.ConnectionString);
            await connection.OpenAsync();
            return new Writer(connection, await connection.BeginTransactionAsync());
        }

        /// <summary>The state's new version; null if the write met another.</summary>
        public async Task<int?> WriteAsync(string state, int? version = null)
        {
            await using var command = new NpgsqlCommand(Write, connection, transaction)
            {
                Parameters = { new() { Value = state }, new NpgsqlParameter<int?> { TypedValue = version } },
            };
            return await command.ExecuteScalarAsync() as int?;
        }

        public Task CommitAsync() => transaction.CommitAsync();

        public async ValueTask DisposeAsync()
        {
            await transaction.DisposeAsync();
            await connection.DisposeAsync();
        }
    }
}
