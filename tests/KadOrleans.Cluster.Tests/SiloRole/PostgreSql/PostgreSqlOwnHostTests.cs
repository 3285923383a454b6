using KadOrleans.GrainStorage.PostgreSql;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.Logging;
using Orleans.Configuration;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Hosts of others with grain state in PostgreSQL, as the package's readme shows them.</summary>
[Needs(Need.PostgreSql)]
public sealed class PostgreSqlOwnHostTests(SharedPostgreSql server)
{
    private const string Storage = $"Orleans:GrainStorage:{GrainStorageName.Kad}";

    private static readonly CancellationToken Cancelled = TestContext.Current.CancellationToken;

    [Fact]
    public async Task Silos_of_a_host_keep_what_they_acknowledged_when_others_take_their_place()
    {
        var database = await server.CreateDatabaseAsync();
        using (var one = Build(database))
        using (var other = Build(database))
        {
            await one.StartAsync(Cancelled);
            await other.StartAsync(Cancelled);
            Assert.IsType<PostgreSqlGrainStorage>(one.Services.GetRequiredKeyedService<IGrainStorage>(GrainStorageName.Kad));
            await Task.WhenAll(Enumerable.Range(0, 40).Select(i =>
                DhtOf(i % 2 == 0 ? one : other).SetAsync($"key {i}", $"value {i}", SetAcknowledgement.Durable, cancellationToken: Cancelled)));
            await other.StopAsync(Cancelled);
            await one.StopAsync(Cancelled);
        }

        Assert.True((long)(await PostgreSqlStatements.ReadAsync(database, "SELECT count(*) FROM orleansstorage"))! > 0);
        using var next = Build(database);
        await next.StartAsync(Cancelled);
        for (var i = 0; i < 40; i++)
        {
            Assert.Equal($"value {i}", (await DhtOf(next).GetAsync<string>($"key {i}", cancellationToken: Cancelled)).Value);
        }

        await next.StopAsync(Cancelled);
    }

    [Fact]
    public async Task The_configuration_adds_it_with_a_connection_by_its_name()
    {
        var database = await server.CreateDatabaseAsync();
        using var host = Build(database, storage: null, ($"{Storage}:ProviderType", "PostgreSql"), ($"{Storage}:ConnectionName", "Orleans"), ("ConnectionStrings:Orleans", database));
        await host.StartAsync(Cancelled);

        Assert.IsType<PostgreSqlGrainStorage>(host.Services.GetRequiredKeyedService<IGrainStorage>(GrainStorageName.Kad));
        await host.StopAsync(Cancelled);
    }

    [Fact]
    public async Task A_database_that_cannot_keep_states_ends_the_start_with_the_remedy()
    {
        var database = await server.CreateDatabaseAsync();
        await PostgreSqlStatements.ExecuteAsync(database, "DROP INDEX kad_orleansstorage_identity");
        Assert.EndsWith(SchemaCheck.Statement, await MistakeAsync(Build(database)), StringComparison.Ordinal);

        await PostgreSqlStatements.ExecuteAsync(database, "DROP TABLE orleansstorage");
        Assert.Equal($"{SchemaCheck.Missing}.", await MistakeAsync(Build(database)));
    }

    [Theory]
    [InlineData("", "PostgreSqlGrainStorageOptions.ConnectionString is missing; AddPostgreSqlGrainStorage needs it.")]
    [InlineData("Hots=127.0.0.1", "PostgreSqlGrainStorageOptions.ConnectionString has the key 'hots', which is unknown")]
    [InlineData("hush", "PostgreSqlGrainStorageOptions.ConnectionString cannot be read")]
    public async Task A_wrong_connection_string_ends_the_start_with_a_sentence(string storage, string sentence) =>
        Assert.StartsWith(sentence, await MistakeAsync(Build(await server.CreateDatabaseAsync(), storage)), StringComparison.Ordinal);

    [Fact]
    public async Task A_configuration_without_a_connection_is_named()
    {
        var host = Build(await server.CreateDatabaseAsync(), storage: null, ($"{Storage}:ProviderType", "PostgreSql"));
        Assert.Equal($"{Storage}:ConnectionString is missing; {Storage}:ProviderType=PostgreSql needs it.", await MistakeAsync(host));
    }

    [Fact]
    public async Task States_are_in_the_serializer_of_the_storages_name_else_in_Orleans_binary_one()
    {
        using var plain = Build(await server.CreateDatabaseAsync());
        var options = plain.Services.GetRequiredService<IOptionsMonitor<PostgreSqlGrainStorageOptions>>();
        Assert.IsType<OrleansGrainStorageSerializer>(options.Get(GrainStorageName.Kad).GrainStorageSerializer);

        var json = new JsonGrainStorageSerializer(ActivatorUtilities.CreateInstance<Orleans.Serialization.OrleansJsonSerializer>(plain.Services));
        using var other = Build(
            await server.CreateDatabaseAsync(), services => services.AddKeyedSingleton<IGrainStorageSerializer>(GrainStorageName.Kad, json));
        Assert.Same(
            json, other.Services.GetRequiredService<IOptionsMonitor<PostgreSqlGrainStorageOptions>>().Get(GrainStorageName.Kad).GrainStorageSerializer);
    }

    private static IDht DhtOf(IHost host) => host.Services.GetRequiredService<IDht>();

    private static async Task<string> MistakeAsync(IHost host)
    {
        using (host)
        {
            var mistake = await Assert.ThrowsAsync<OptionsValidationException>(() => host.StartAsync(Cancelled));
            return Assert.Single(mistake.Failures);
        }
    }

    private static IHost Build(string database, Action<IServiceCollection>? add = null) => Build(database, database, add);

    private static IHost Build(string database, string? storage, params (string Key, string Value)[] settings) => Build(database, storage, null, settings);

    // The storage is added in code if it has a connection string, else by the settings.
    private static IHost Build(string database, string? storage, Action<IServiceCollection>? add, params (string Key, string Value)[] settings)
    {
        var builder = Host.CreateEmptyApplicationBuilder(new HostApplicationBuilderSettings());
        builder.Logging.ClearProviders();
        builder.Configuration.AddInMemoryCollection(settings.Select(one => KeyValuePair.Create(one.Key, (string?)one.Value)));
        builder.UseOrleans(silo =>
        {
            silo.Configure<ClusterOptions>(cluster => (cluster.ClusterId, cluster.ServiceId) = ("kad", "kad"))
                .ConfigureEndpoints(IPAddress.Loopback, FreePort.Tcp(), FreePort.Tcp())
                .UseAdoNetClustering(options => (options.Invariant, options.ConnectionString) = ("Npgsql", database))
                .UseAdoNetReminderService(options => (options.Invariant, options.ConnectionString) = ("Npgsql", database))
                .UseKadGrains(options => options.ShardBits = 2);
            if (storage is not null)
            {
                silo.AddPostgreSqlGrainStorage(GrainStorageName.Kad, options => options.ConnectionString = storage);
            }

            silo.AddKadClient();
        });
        add?.Invoke(builder.Services);
        return builder.Build();
    }
}
