using KadOrleans.GrainStorage.PostgreSql;

namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class SchemaCheckTests : FolderTests
{
    private const string Identity = "serviceid, grainidn0, grainidn1, graintypestring";

    private const string DropIndex = "DROP INDEX kad_orleansstorage_identity";

    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task A_silo_without_the_index_says_the_statement_and_starts_once_it_was_run()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        await server.ExecuteAsync(DropIndex);
        await using var silo = new SiloServer(Folder, SharedPostgreSql.StorageIn(server.ConnectionString));

        var sentence = await SentenceAsync(silo);
        Assert.Contains("The table orleansstorage has no unique index", sentence, StringComparison.Ordinal);

        await server.ExecuteAsync(sentence[sentence.IndexOf("CREATE", StringComparison.Ordinal)..]);
        await silo.StartAsync();
    }

    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task A_database_without_tables_names_the_step_that_makes_them_whatever_it_is_for()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        await server.ExecuteAsync("CREATE DATABASE empty");
        foreach (var provider in (string[])["Clustering", "GrainStorage:Kad", "Reminders"])
        {
            await using var silo = new SiloServer(
                Folder,
                [
                    .. SharedPostgreSql.StorageIn(server.ConnectionString),
                    $"Orleans:{provider}:ProviderType=AdoNet",
                    $"Orleans:{provider}:Invariant=Npgsql",
                    $"Orleans:{provider}:ConnectionString={server.ConnectionString};Database=empty",
                ]);

            Assert.Contains(SchemaCheck.Missing, await SentenceAsync(silo), StringComparison.Ordinal);
        }

        await using var edge = new EdgeServer(Folder, "first", SharedPostgreSql.StorageIn($"{server.ConnectionString};Database=empty"));
        edge.Launch();
        await Eventually.BecomesAsync(() => edge.Errors.Contains(SchemaCheck.Missing, StringComparison.Ordinal), () => edge.Errors);
    }

    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task Any_index_that_keeps_each_state_once_will_do_and_no_other()
    {
        await using var server = await PostgreSqlServer.StartAsync();
        await server.ExecuteAsync(DropIndex);
        string[] good =
        [
            $"({Identity}, coalesce(grainidextensionstring, ''))",
            $"(coalesce(grainidextensionstring, ''::text), grainidhash, {Identity})",
            $"({Identity}, grainidextensionstring) INCLUDE (version) NULLS NOT DISTINCT",
        ];
        string[] bad =
        [
            $"({Identity}, grainidextensionstring)",
            $"({Identity}, coalesce(grainidextensionstring, 'none'))",
            $"({Identity}, coalesce(grainidextensionstring, ''), version)",
            "(serviceid, grainidn0, grainidn1, coalesce(grainidextensionstring, ''))",
            $"({Identity})",
            $"({Identity}, coalesce(grainidextensionstring, '')) WHERE serviceid <> ''",
        ];

        foreach (var keys in good)
        {
            Assert.Null(await CheckAsync(server, keys));
        }

        foreach (var keys in bad)
        {
            Assert.EndsWith(SchemaCheck.Statement, (await CheckAsync(server, keys))?.Message, StringComparison.Ordinal);
        }
    }

    [Fact]
    public void The_sentence_has_the_statement_of_the_file_that_makes_the_schema() => Assert.Contains(
        $"  {SchemaCheck.Statement}\n", Repository.Read("infra/postgresql/schema.sql"), StringComparison.Ordinal);

    private static async Task<OptionsValidationException?> CheckAsync(PostgreSqlServer server, string keys)
    {
        await server.ExecuteAsync($"CREATE UNIQUE INDEX tried ON orleansstorage {keys}");
        var refused = await Record.ExceptionAsync(() => SchemaCheck.RunAsync(server.ConnectionString));
        await server.ExecuteAsync("DROP INDEX tried");
        return (OptionsValidationException?)refused;
    }

    private static async Task<string> SentenceAsync(SiloServer silo)
    {
        silo.Launch();
        Assert.Equal(2, await silo.ExitAsync());
        return silo.Errors.Split('\n', StringSplitOptions.RemoveEmptyEntries)[^1];
    }
}
