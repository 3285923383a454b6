using System.Collections.Concurrent;
using System.Diagnostics;
using System.Globalization;
using KadOrleans.Testing;
using Npgsql;

namespace KadOrleans.Silo.Tests.Deployment;

/// <summary>The programs of the PostgreSQL overlay, run on a database of their own.</summary>
internal sealed class SchemaProgram
{
    private const string Overlay = "infra/kubernetes/overlays/postgres";

    private static readonly TimeSpan Longest = TimeSpan.FromSeconds(60);

    private readonly string _scripts;

    private SchemaProgram(NpgsqlConnectionStringBuilder owner, string scripts)
    {
        Owner = owner;
        _scripts = scripts;
    }

    /// <summary>How the database's owner reaches it.</summary>
    public NpgsqlConnectionStringBuilder Owner { get; }

    /// <summary>Makes an empty database.</summary>
    public static async Task<SchemaProgram> CreateAsync(PostgreSqlServer server, string database, string folder)
    {
        var owner = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        await ExecuteAsync(owner, $"CREATE DATABASE {database}");
        owner.Database = database;
        return new SchemaProgram(owner, CopyScripts(folder));
    }

    /// <summary>Runs apply-schema.sh with these settings.</summary>
    public Task<Result> ApplyAsync(IReadOnlyDictionary<string, string> settings) =>
        Start(settings, ["apply-schema.sh", _scripts]).Result;

    /// <summary>Starts wait-for-schema.sh as a user.</summary>
    public Run WaitAsync(string part, string user) =>
        Start(new Dictionary<string, string> { ["PGUSER"] = user, ["WAIT_SECONDS"] = "0.1" }, ["wait-for-schema.sh", part]);

    /// <summary>Runs one of Orleans' scripts, as an operator does by hand.</summary>
    public async Task ExecuteFileAsync(string name) => await ExecuteAsync(await File.ReadAllTextAsync(Path.Combine(_scripts, name)));

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

    private Run Start(IReadOnlyDictionary<string, string> settings, string[] args)
    {
        var start = new ProcessStartInfo("sh", [Repository.Path(Path.Combine(Overlay, args[0])), .. args[1..]])
        {
            RedirectStandardOutput = true,
            RedirectStandardError = true,
        };
        start.Environment["PGHOST"] = Owner.Host;
        start.Environment["PGPORT"] = Owner.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = Owner.Username;
        start.Environment["PGDATABASE"] = Owner.Database;
        foreach (var (name, value) in settings)
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
