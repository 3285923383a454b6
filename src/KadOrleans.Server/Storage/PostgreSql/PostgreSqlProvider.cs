using KadOrleans.GrainStorage.PostgreSql;
using Npgsql;
using Orleans.Storage;
using static KadOrleans.Server.OrleansSettings;

namespace KadOrleans.Server;

/// <summary>PostgreSQL for state, members and reminders: this project's grain storage, and Orleans' own providers for databases.</summary>
internal sealed class PostgreSqlProvider : IStorageProvider
{
    public const string StorageName = "PostgreSql";

    private const string Driver = "Npgsql";

    public string Name => StorageName;

    public IReadOnlyList<string> OtherNames => ["AdoNet", "PostgresServer", "PostgresDatabase"];

    public SettingSection Section => new(PostgreSqlOptions.Section, typeof(PostgreSqlOptions));

    public string ClientLibrary => Driver;

    public string Describe(KadOptions options) => "PostgreSQL";

    public string? FindObstacle(string section) =>
        section.StartsWith(Directories, StringComparison.Ordinal) ? "which has no grain directory" : null;

    public void CheckSettings(IConfiguration configuration) => ConnectionDefaults.Read(
        PostgreSqlOptions.ConnectionSetting,
        KadSettings.ReadSection<PostgreSqlOptions>(configuration, PostgreSqlOptions.Section).ConnectionString);

    public void FillIn(OrleansSettings orleans, KadOptions options, string section, bool isSilo)
    {
        var (type, invariant) = ($"{section}:ProviderType", $"{section}:Invariant");

        // Orleans' settings call a database AdoNet, whichever it is.
        if (!orleans.Add(invariant, Driver) && !Driver.Equals(orleans.Configuration[invariant], StringComparison.OrdinalIgnoreCase))
        {
            throw KadSettings.Mistake(
                $"{invariant} is '{orleans.Configuration[invariant]}', and {type} is '{orleans.Configuration[type]}'; "
                + "Npgsql, for PostgreSQL, is allowed.");
        }

        var connection = orleans.RequireConnection(section, this, PostgreSqlOptions.ConnectionSetting);
        orleans.Values[type] = section == OrleansSettings.Storage ? PostgreSqlGrainStorage.ProviderType : "AdoNet";
        orleans.Values[$"{section}:ConnectionString"] = ConnectionDefaults.Complete(connection.Setting, connection.Text);
    }

    public StorageFault? Explain(Exception cause) => cause switch
    {
        PostgresException { SqlState: PostgresErrorCodes.UndefinedTable } => StorageFault.Mistake($"{SchemaCheck.Missing}: {Phrases.Of(cause.Message)}."),
        NpgsqlException => new("the cluster's database", StorageFault.WithRoot(cause)) { Setting = PostgreSqlOptions.ConnectionSetting },
        _ => null,
    };

    public Task CheckAsync(IServiceProvider services) =>
        services.GetKeyedService<IGrainStorage>(GrainStorageName.Kad) is PostgreSqlGrainStorage storage ? storage.CheckAsync() : Task.CompletedTask;
}
