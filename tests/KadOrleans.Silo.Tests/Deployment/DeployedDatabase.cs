using System.Diagnostics;
using System.Globalization;
using KadOrleans.Infra.Tests.Rendering;
using KadOrleans.Silo.Tests.Processes;
using Npgsql;

namespace KadOrleans.Silo.Tests.Deployment;

/// <summary>A database as docs/operations.md has it made: the tables by the Job's program, and a user each for silos and edges.</summary>
internal static class DeployedDatabase
{
    private const string Name = "kad";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    /// <summary>Makes it and returns how its owner reaches it.</summary>
    public static async Task<NpgsqlConnectionStringBuilder> CreateAsync(PostgreSqlServer server, string folder)
    {
        await ExecuteAsync(server.ConnectionString, $"CREATE DATABASE {Name}");
        var owner = new NpgsqlConnectionStringBuilder(server.ConnectionString) { Database = Name };

        // The Job may run again, and beside itself.
        var scripts = CopyScripts(folder);
        await Task.WhenAll(ApplySchemaAsync(owner, scripts), ApplySchemaAsync(owner, scripts));
        await ApplySchemaAsync(owner, scripts);
        await ExecuteAsync(owner.ConnectionString, "CREATE USER kad_silo; CREATE USER kad_edge");
        await ExecuteAsync(owner.ConnectionString, GrantsOfTheGuide());
        return owner;
    }

    /// <summary>How a user reaches it.</summary>
    public static string As(this NpgsqlConnectionStringBuilder owner, string user) =>
        new NpgsqlConnectionStringBuilder(owner.ConnectionString) { Username = user }.ConnectionString;

    // The statements that operators are told to run, from the page itself.
    private static string GrantsOfTheGuide()
    {
        var guide = Repository.Read("docs/operations.md");
        const string begin = "```sql\n";
        var start = guide.IndexOf(begin, StringComparison.Ordinal) + begin.Length;
        return guide[start..guide.IndexOf("```", start, StringComparison.Ordinal)];
    }

    // As curl leaves them: in one folder, by their names.
    private static string CopyScripts(string folder)
    {
        var scripts = Directory.CreateDirectory(Path.Combine(folder, "scripts")).FullName;
        var source = Environment.GetEnvironmentVariable("KAD_TEST_POSTGRES_SCRIPTS")!;
        foreach (var file in Directory.EnumerateFiles(source, "PostgreSQL-*.sql", SearchOption.AllDirectories))
        {
            File.Copy(file, Path.Combine(scripts, Path.GetFileName(file)), overwrite: true);
        }

        return scripts;
    }

    private static async Task ApplySchemaAsync(NpgsqlConnectionStringBuilder owner, string scripts)
    {
        var start = new ProcessStartInfo("sh", [Repository.Path("infra/kubernetes/overlays/postgres/apply-schema.sh"), scripts])
        {
            RedirectStandardOutput = true,
        };
        start.Environment["PGHOST"] = owner.Host;
        start.Environment["PGPORT"] = owner.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = owner.Username;
        start.Environment["PGDATABASE"] = owner.Database;
        using var process = Process.Start(start)!;
        using var deadline = new CancellationTokenSource(Longest);
        Assert.Contains("The tables of Orleans are there", await process.StandardOutput.ReadToEndAsync(deadline.Token), StringComparison.Ordinal);
        await process.WaitForExitAsync(deadline.Token);
        Assert.Equal(0, process.ExitCode);
    }

    private static async Task ExecuteAsync(string connectionString, string statements)
    {
        await using var connection = new NpgsqlConnection(connectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statements, connection);
        await command.ExecuteNonQueryAsync();
    }
}
