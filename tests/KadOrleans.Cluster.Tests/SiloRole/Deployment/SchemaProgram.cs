using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using System.Text.RegularExpressions;
using Npgsql;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The programs of the PostgreSQL overlay, run on a database of their own.</summary>
internal sealed class SchemaProgram
{
    private const string Overlay = "infra/kubernetes/overlays/postgres";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private SchemaProgram(NpgsqlConnectionStringBuilder owner) => Owner = owner;

    /// <summary>How the database's owner reaches it.</summary>
    public NpgsqlConnectionStringBuilder Owner { get; }

    /// <summary>Makes an empty database.</summary>
    public static async Task<SchemaProgram> CreateAsync(PostgreSqlServer server, string database)
    {
        var owner = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        await ExecuteAsync(owner, $"CREATE DATABASE {database}");
        owner.Database = database;
        return new SchemaProgram(owner);
    }

    /// <summary>Makes a database with the tables and queries of Orleans' own scripts.</summary>
    public static async Task<SchemaProgram> CreateByOrleansAsync(PostgreSqlServer server, string database)
    {
        var program = await CreateAsync(server, database);
        foreach (var script in PostgreSqlServer.OrleansScripts)
        {
            await program.ExecuteAsync(await File.ReadAllTextAsync(script));
        }

        return program;
    }

    /// <summary>Applies the schema as the Job does, which has the roles from settings.</summary>
    public Task<Result> ApplyAsync(string siloRole = "", string edgeRole = "") =>
        ApplyAsync(new Dictionary<string, string> { ["SILO_ROLE"] = siloRole, ["EDGE_ROLE"] = edgeRole });

    /// <summary>Applies the schema as the Job does with these settings.</summary>
    public Task<Result> ApplyAsync(IReadOnlyDictionary<string, string> settings)
    {
        var job = Assert.Single(Yaml.Documents(Repository.Read($"{Overlay}/schema-job.yaml")));
        var command = job.Entries("spec.template.spec.containers.0.command")
            .Select(word => Regex.Replace(word.GetValue<string>(), @"\$\((\w+)\)", setting => settings[setting.Groups[1].Value]))
            .Select(word => word == "/kad/schema.sql" ? Repository.Path("infra/postgresql/schema.sql") : word)
            .ToList();
        return Start(new Dictionary<string, string>(), command[0], [.. command[1..]]).Result;
    }

    /// <summary>Starts wait-for-schema.sh as a user.</summary>
    public Run WaitAsync(string part, string user) => Start(
        new Dictionary<string, string> { ["PGUSER"] = user, ["WAIT_SECONDS"] = "0.1" },
        "sh",
        [Repository.Path($"{Overlay}/wait-for-schema.sh"), part]);

    public Task ExecuteAsync(string statements) => ExecuteAsync(Owner, statements);

    /// <summary>The first field of the first row.</summary>
    public async Task<object?> ReadAsync(string statement)
    {
        await using var connection = new NpgsqlConnection(Owner.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statement, connection);
        return await command.ExecuteScalarAsync();
    }

    private static async Task ExecuteAsync(NpgsqlConnectionStringBuilder database, string statements)
    {
        await using var connection = new NpgsqlConnection(database.ConnectionString);
        await connection.OpenAsync();
        await using var command = new NpgsqlCommand(statements, connection);
        await command.ExecuteNonQueryAsync();
    }

    private Run Start(Dictionary<string, string> environment, string program, string[] args)
    {
        var start = new ProcessStartInfo(program, args) { RedirectStandardOutput = true, RedirectStandardError = true };
        start.Environment["PGHOST"] = Owner.Host;
        start.Environment["PGPORT"] = Owner.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = Owner.Username;
        start.Environment["PGDATABASE"] = Owner.Database;
        foreach (var (name, value) in environment)
        {
            start.Environment[name] = value;
        }

        return new Run(Process.Start(start)!);
    }

    /// <summary>What a program ended with.</summary>
    internal sealed record Result(int Code, string Output, string Errors);

    /// <summary>A program that runs.</summary>
    internal sealed class Run
    {
        private readonly ConcurrentQueue<string> _lines = new();
        private readonly SemaphoreSlim _written = new(0);

        public Run(Process process)
        {
            Result = FinishAsync(process);
        }

        public Task<Result> Result { get; }

        /// <summary>Completes when it has written one more line.</summary>
        public async Task<string> LineAsync()
        {
            Assert.True(await _written.WaitAsync(Longest));
            Assert.True(_lines.TryDequeue(out var line));
            return line;
        }

        private async Task<Result> FinishAsync(Process process)
        {
            using (process)
            {
                using var deadline = new CancellationTokenSource(Longest);
                var errors = process.StandardError.ReadToEndAsync(deadline.Token);
                var output = new List<string>();
                try
                {
                    while (await process.StandardOutput.ReadLineAsync(deadline.Token) is { } line)
                    {
                        output.Add(line);
                        _lines.Enqueue(line);
                        _written.Release();
                    }

                    await process.WaitForExitAsync(deadline.Token);
                }
                catch (OperationCanceledException)
                {
                    process.Kill(entireProcessTree: true);
                    throw;
                }

                return new Result(process.ExitCode, string.Join('\n', output), await errors);
            }
        }
    }
}
