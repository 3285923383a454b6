using Npgsql;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The programs of the PostgreSQL overlay, run on a database of their own.</summary>
internal sealed class SchemaProgram
{
    private const string Overlay = "infra/kubernetes/overlays/postgres";

    private SchemaProgram(NpgsqlConnectionStringBuilder owner) => Owner = owner;

    public NpgsqlConnectionStringBuilder Owner { get; }

    public static async Task<SchemaProgram> CreateAsync(PostgreSqlServer server, string database)
    {
        var owner = new NpgsqlConnectionStringBuilder(server.ConnectionString);
        await server.ExecuteAsync($"CREATE DATABASE {database}");
        owner.Database = database;
        return new SchemaProgram(owner);
    }

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

    public async Task<Result> ApplyAsync(IReadOnlyDictionary<string, string> settings)
    {
        var manifest = Assert.Single(Yaml.Documents(Repository.Read($"{Overlay}/schema-job.yaml")));
        var command = manifest.Entries("spec.template.spec.containers.0.command")
            .Select(word => Regex.Replace(word.GetValue<string>(), @"\$\((\w+)\)", setting => settings[setting.Groups[1].Value]))
            .Select(word => word == "/kad/schema.sql" ? Repository.Path("infra/postgresql/schema.sql") : word)
            .ToList();
        await using var job = Start(Owner.Username!, command[0], [.. command[1..]]);
        return new Result(await job.ExitAsync(), job.Output.Text, job.Error.Text);
    }

    public ChildProcess Wait(string part, string user) => Start(user, "sh", Repository.Path($"{Overlay}/wait-for-schema.sh"), part);

    public Task ExecuteAsync(string statements) => PostgreSqlStatements.ExecuteAsync(Owner.ConnectionString, statements);

    public Task<object?> ReadAsync(string statement) => PostgreSqlStatements.ReadAsync(Owner.ConnectionString, statement);

    private ChildProcess Start(string user, string program, params string[] args)
    {
        var start = new ProcessStartInfo(program, args);
        start.Environment["PGHOST"] = Owner.Host;
        start.Environment["PGPORT"] = Owner.Port.ToString(CultureInfo.InvariantCulture);
        start.Environment["PGUSER"] = user;
        start.Environment["PGDATABASE"] = Owner.Database;
        start.Environment["WAIT_SECONDS"] = "0.1";
        return ChildProcess.Start(start);
    }

    internal sealed record Result(int Code, string Output, string Errors);
}
