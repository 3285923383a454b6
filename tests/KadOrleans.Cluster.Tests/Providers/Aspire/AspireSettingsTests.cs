using Microsoft.Extensions.Configuration;

namespace KadOrleans.Cluster.Tests.Providers;

/// <summary>The variables that Aspire.Hosting.Orleans 13.6.5 gives a process: the storages follow from them, and so do their connections.</summary>
public sealed class AspireSettingsTests
{
    private const string Ids =
        "Orleans__ClusterId=kad Orleans__ServiceId=dht Orleans__EnableDistributedTracing=true "
        + "REDIS_HOST=localhost REDIS_PORT=6379 REDIS_PASSWORD=hush KADDB_HOST=localhost KADDB_DATABASENAME=kaddb KADDB_USERNAME=postgres "
        + "OTEL_EXPORTER_OTLP_ENDPOINT=http://localhost:18889 OTEL_EXPORTER_OTLP_PROTOCOL=grpc "
        + "OTEL_SERVICE_NAME=silo OTEL_RESOURCE_ATTRIBUTES=service.instance.id=silo-1";

    private const string Ports = "Orleans__Endpoints__SiloPort=40001 Orleans__Endpoints__GatewayPort=40002";
    private const string Redis = "ConnectionStrings__redis=localhost:6379,password=hush";
    private const string Database = "ConnectionStrings__kaddb=Host=localhost;Port=5432;Username=postgres;Password=hush;Database=kaddb";
    private const string Azure = "AccountName=devstoreaccount1;AccountKey=aHVzaA==";
    private const string Tables = $"ConnectionStrings__tables={Azure};TableEndpoint=http://127.0.0.1:10002/devstoreaccount1";
    private const string Blobs = $"ConnectionStrings__blobs={Azure};BlobEndpoint=http://127.0.0.1:10000/devstoreaccount1";

    private const string InTables = "AzureTableStorage ConnectionStrings:tables";

    public static readonly TheoryData<string, string, string, string, string> Silos = new()
    {
        // WithClustering(redis).WithReminders(redis).WithGrainStorage("Kad", postgres.AddDatabase("kaddb"))
        {
            $"{Of("Clustering", "Redis", "redis")} {Of("Reminders", "Redis", "redis")} "
                + $"{Of("GrainStorage__Kad", "PostgresDatabase", "kaddb")} {Redis} {Database}",
            "PostgreSql Redis Redis", "PostgreSql", "Redis ConnectionStrings:redis", "Redis ConnectionStrings:redis"
        },

        // The same without reminders, which follow the members.
        {
            $"{Of("Clustering", "Redis", "redis")} {Of("GrainStorage__Kad", "PostgresDatabase", "kaddb")} {Redis} {Database}",
            "PostgreSql Redis Redis", "PostgreSql", "Redis ConnectionStrings:redis", "Redis ConnectionStrings:redis"
        },

        // All in one database, and a reference to the server rather than to a database of it.
        {
            $"{Of("Clustering", "PostgresDatabase", "kaddb")} {Of("Reminders", "PostgresDatabase", "kaddb")} "
                + $"{Of("GrainStorage__Kad", "PostgresServer", "kaddb")} {Database}",
            "PostgreSql PostgreSql PostgreSql", "PostgreSql", "AdoNet", "AdoNet"
        },

        // WithClustering alone: state and reminders are there, too.
        {
            $"{Of("Clustering", "PostgresDatabase", "kaddb")} {Database}",
            "PostgreSql PostgreSql PostgreSql", "PostgreSql", "AdoNet", "AdoNet"
        },

        // Azure Storage, or its emulator.
        {
            $"{Of("Clustering", "AzureTableStorage", "tables")} {Of("Reminders", "AzureTableStorage", "tables")} "
                + $"{Of("GrainStorage__Kad", "AzureBlobStorage", "blobs")} {Tables} {Blobs}",
            "AzureStorage AzureStorage AzureStorage", "AzureBlobStorage ConnectionStrings:blobs", InTables, InTables
        },
        {
            $"{Of("Clustering", "AzureTableStorage", "tables")} {Of("GrainStorage__Kad", "AzureTableStorage", "tables")} {Tables}",
            "AzureStorage AzureStorage AzureStorage", InTables, InTables, InTables
        },

        // WithDevelopmentClustering().WithMemoryReminders()
        {
            "Orleans__Clustering__ProviderType=Development Orleans__Reminders__ProviderType=Memory",
            "Local Local Local", "Sqlite", "Development", "Memory"
        },
    };

    [Theory]
    [MemberData(nameof(Silos))]
    public void The_storages_of_a_silo_follow_from_its_variables(string variables, string storages, string state, string members, string reminders)
    {
        var given = Read($"{variables} {Ids} {Ports}");
        var options = KadSettings.ReadSilo(given, RedisSettingsTests.Providers().Known);
        Assert.Equal(storages, $"{options.Storage} {options.Clustering} {options.Reminders}");

        var filled = Merge(given, ClusterProviders.FillInSilo(given, options, RedisSettingsTests.Providers()));
        Assert.Equal(state, Provider(filled, "Orleans:GrainStorage:Kad"));
        Assert.Equal(members, Provider(filled, "Orleans:Clustering"));
        Assert.Equal(reminders, Provider(filled, "Orleans:Reminders"));
        Assert.Equal(("kad", "dht"), (filled["Orleans:ClusterId"], filled["Orleans:ServiceId"]));
        Assert.Equal(("http://localhost:18889", true), (options.Telemetry!.Endpoint, options.Telemetry.UsesGrpc));
        Assert.Equal(("40001", "40002"), (filled["Orleans:Endpoints:SiloPort"], filled["Orleans:Endpoints:GatewayPort"]));

        // Every connection can be made of what was given.
        ClusterProviders.AddConnections(new ServiceCollection(), filled, options, RedisSettingsTests.Providers(), isSilo: true);
    }

    [Theory]
    [InlineData("Redis", "redis", Redis, "Redis ConnectionStrings:redis", "ConnectionStrings:redis")]
    [InlineData("AzureRedisCache", "redis", Redis, "Redis ConnectionStrings:redis", "ConnectionStrings:redis")]
    [InlineData("PostgresDatabase", "kaddb", Database, "AdoNet", "ConnectionStrings:kaddb")]
    [InlineData("AzureTableStorage", "tables", Tables, "AzureTableStorage ConnectionStrings:tables", "ConnectionStrings:tables")]
    [InlineData("Development", null, "", "Static", "Kad:Cluster:Gateway")]
    [InlineData("Static", null, "Orleans__Clustering__Gateways__0=127.0.0.1:40002", "Static", "Orleans:Clustering:Gateways")]
    public void An_edge_finds_the_silos_by_the_variables_of_a_client(string type, string? key, string connection, string expected, string setting)
    {
        var clustering = key is null ? $"Orleans__Clustering__ProviderType={type}" : Of("Clustering", type, key);
        var given = Read($"Kad__Role=Edge {clustering} {connection} {Ids}");
        var options = KadSettings.ReadEdge(given, RedisSettingsTests.Providers().Known);
        var filled = Merge(given, ClusterProviders.FillInEdge(given, options, RedisSettingsTests.Providers()));

        Assert.Equal(expected, Provider(filled, "Orleans:Clustering"));
        Assert.Equal(setting, ClusterProviders.SettingOf(filled, options));
        ClusterProviders.AddConnections(new ServiceCollection(), filled, options, RedisSettingsTests.Providers(), isSilo: false);
    }

    [Fact]
    public void The_connection_string_gets_what_PostgreSql_needs()
    {
        var given = Read($"{Of("Clustering", "PostgresDatabase", "kaddb")} {Database} {Ids}");
        var filled = ClusterProviders.FillInSilo(given, KadSettings.ReadSilo(given, RedisSettingsTests.Providers().Known), RedisSettingsTests.Providers());

        Assert.All((string[])["Clustering", "GrainStorage:Kad", "Reminders"], part => Assert.Equal(
            "Host=localhost;Port=5432;Username=postgres;Password=hush;Database=kaddb;Keepalive=30;No Reset On Close=True",
            filled[$"Orleans:{part}:ConnectionString"]));
    }

    [Theory]
    [InlineData(
        "Silo",
        "Orleans:Clustering:ServiceKey is 'kaddb', and ConnectionStrings:kaddb is missing; ",
        "Orleans__Clustering__ProviderType=PostgresDatabase Orleans__Clustering__ServiceKey=kaddb")]
    [InlineData(
        "Edge",
        "Orleans:Clustering:ServiceKey is 'redis', and ConnectionStrings:redis is missing; ",
        "Orleans__Clustering__ProviderType=Redis Orleans__Clustering__ServiceKey=redis")]
    [InlineData(
        "Edge",
        "Orleans:Clustering:ProviderType is 'ConnectionStringParameter'; Local, PostgreSql, AzureStorage, Redis are allowed.",
        "Orleans__Clustering__ProviderType=ConnectionStringParameter Orleans__Clustering__ServiceKey=kaddb " + Database)]
    [InlineData(
        "Silo",
        "Orleans:Clustering:ProviderType is 'Redis', which may lose the last second",
        "Orleans__Clustering__ProviderType=Redis Orleans__Clustering__ServiceKey=redis " + Redis)]
    [InlineData("Silo", "Orleans:GrainStorage:Kad:ProviderType is 'Memory'; ", "Orleans__GrainStorage__Kad__ProviderType=Memory")]
    [InlineData(
        "Silo",
        "Orleans:GrainStorage:kaddb is set, and a silo keeps its state in Orleans:GrainStorage:Kad; ",
        "Orleans__GrainStorage__kaddb__ProviderType=PostgresDatabase")]
    [InlineData(
        "Silo",
        "Kad:PostgreSql:ConnectionString is set, and Orleans:GrainStorage:Kad:ServiceKey names ConnectionStrings:kaddb, another connection; ",
        "Orleans__GrainStorage__Kad__ProviderType=PostgresDatabase Orleans__GrainStorage__Kad__ServiceKey=kaddb "
            + "Kad__PostgreSql__ConnectionString=Host=other;Password=hush " + Database)]
    [InlineData(
        "Silo",
        "Kad:Storage is 'AzureStorage', and Orleans:GrainStorage:Kad:ProviderType is 'PostgresDatabase'; ",
        "Kad__Storage=AzureStorage Orleans__GrainStorage__Kad__ProviderType=PostgresDatabase "
            + "Orleans__GrainStorage__Kad__ServiceKey=kaddb " + Database)]
    [InlineData(
        "Edge",
        "Orleans:Reminders is set, which is for silos, and this is an edge, a client; ",
        "Orleans__Clustering__ProviderType=Redis Orleans__Clustering__ServiceKey=redis "
            + "Orleans__Reminders__ProviderType=Redis Orleans__Reminders__ServiceKey=redis " + Redis)]
    public void A_contradiction_or_a_gap_is_one_sentence(string role, string sentence, string variables)
    {
        var given = Read($"Kad__Role={role} {variables}");
        var mistake = Assert.Single(Assert.Throws<OptionsValidationException>(() => role == "Edge"
            ? ClusterProviders.FillInEdge(given, KadSettings.ReadEdge(given, RedisSettingsTests.Providers().Known), RedisSettingsTests.Providers())
            : ClusterProviders.FillInSilo(given, KadSettings.ReadSilo(given, RedisSettingsTests.Providers().Known), RedisSettingsTests.Providers())).Failures);

        Assert.StartsWith(sentence, mistake, StringComparison.Ordinal);
        Assert.EndsWith(".", mistake, StringComparison.Ordinal);
        Assert.DoesNotContain("hush", mistake, StringComparison.Ordinal);
    }

    private static string Of(string section, string type, string key) =>
        $"Orleans__{section}__ProviderType={type} Orleans__{section}__ServiceKey={key}";

    private static string Provider(IConfiguration filled, string section) => filled[$"{section}:ProviderType"] switch
    {
        "AdoNet" or "PostgreSql" => filled[$"{section}:ProviderType"]!,
        var type => string.Join(' ', new[] { type, filled[$"{section}:ServiceKey"] }.Where(text => text is not null)),
    };

    private static IConfigurationRoot Read(string variables) => new ConfigurationBuilder().AddInMemoryCollection(variables
        .Split(' ', StringSplitOptions.RemoveEmptyEntries)
        .Select(variable => variable.Split('=', 2))
        .Select(pair => KeyValuePair.Create<string, string?>(pair[0].Replace("__", ":", StringComparison.Ordinal), pair[1]))).Build();

    private static IConfigurationRoot Merge(IConfiguration given, Dictionary<string, string?> added) =>
        new ConfigurationBuilder().AddConfiguration(given).AddInMemoryCollection(added).Build();
}
