using Npgsql;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A database as docs/install.md has it made: users for silos and edges, and all else by the Job's program.</summary>
internal static class DeployedDatabase
{
    private const string Name = "kad";

    /// <summary>Makes it and returns how its owner reaches it.</summary>
    public static async Task<NpgsqlConnectionStringBuilder> CreateAsync(PostgreSqlServer server)
    {
        var program = await SchemaProgram.CreateAsync(server, Name);
        await program.ExecuteAsync("CREATE USER kad_silo; CREATE USER kad_edge");

        // The Job may run again, and beside itself.
        var settings = Manifests.Of("postgres").One("ConfigMap", "kad-schema-settings").Pairs("data");
        var results = await Task.WhenAll(program.ApplyAsync(settings), program.ApplyAsync(settings));
        Assert.All([.. results, await program.ApplyAsync(settings)], result => Assert.True(result.Code == 0, result.Errors));
        foreach (var part in (string[])["silo", "edge"])
        {
            Assert.Equal($"The database is ready for the {part}.", (await program.WaitAsync(part, $"kad_{part}").Result).Output.Trim());
        }

        return program.Owner;
    }

    /// <summary>How a user reaches it.</summary>
    public static string As(this NpgsqlConnectionStringBuilder owner, string user) =>
        new NpgsqlConnectionStringBuilder(owner.ConnectionString) { Username = user }.ConnectionString;
}
