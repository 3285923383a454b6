using KadOrleans.GrainStorage.PostgreSql;

namespace KadOrleans.Cluster.Tests.SiloRole;

[Needs(Need.PostgreSql | Need.PgBouncer)]
public sealed class SessionPoolingTests(SessionPooledSilo silo) : PgBouncerConformance(silo), IClassFixture<SessionPooledSilo>
{
    [Fact]
    public async Task Statements_may_be_prepared() => await PoolerCheck.RunAsync($"{silo.ConnectionString};Max Auto Prepare=10");

    [Fact]
    public async Task They_may_be_over_connections_that_are_multiplexed() =>
        await PoolerCheck.RunAsync($"{silo.ConnectionString};Max Auto Prepare=10;Multiplexing=true");

    [Fact]
    public async Task A_pooler_without_a_session_to_spare_does_not_say_that_statements_are_lost()
    {
        await using var pooler = await PgBouncerServer.StartAsync(silo.Server, "session", sessions: 1);
        await PoolerCheck.RunAsync($"{pooler.ConnectionString};Max Auto Prepare=10");
    }
}

[Needs(Need.PostgreSql | Need.PgBouncer)]
public sealed class TransactionPoolingTests(TransactionPooledSilo silo) : PgBouncerConformance(silo), IClassFixture<TransactionPooledSilo>
{
    [Fact]
    public async Task A_silo_whose_connection_string_has_statements_prepared_does_not_start()
    {
        await PoolerCheck.RunAsync(silo.ConnectionString);
        using var folder = new TemporaryFolder();
        var storage = SharedPostgreSql.StorageIn($"{silo.ConnectionString};Max Auto Prepare=10");
        await using var process = ChildProcess.Start("kad-server", folder.Path, [.. storage, "Kad:Role=Silo", "Kad:Silo:Address=127.0.0.1", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0"]);

        Assert.Equal(2, await process.ExitAsync());
        Assert.Contains("has Max Auto Prepare=10, and a prepared statement was lost on the way", process.Error.Text, StringComparison.Ordinal);
    }
}

public sealed class SessionPooledSilo() : PooledSilo("session");

public sealed class TransactionPooledSilo() : PooledSilo("transaction");

/// <summary>Grain storage, members and values of silos that reach PostgreSQL through PgBouncer.</summary>
public abstract class PgBouncerConformance(PooledSilo silo) : GrainStorageConformance
{
    protected override IGrainStorage Storage => silo.Storage;

    [Fact]
    public async Task A_second_silo_finds_the_tables_joins_and_serves_what_the_first_one_stored()
    {
        await SchemaCheck.RunAsync(silo.ConnectionString);
        var keys = Enumerable.Range(0, 50).Select(KadOrleans.Lab.Samples.Key).ToArray();
        var now = DateTimeOffset.UtcNow;
        var puts = keys.Select(key => new ShardPut(key, new StoredValue(DhtValue.FromString($"{key}"), now, now + TimeSpan.FromDays(1), default)));
        var results = await Task.WhenAll(puts.Select(put => Shard(silo.First).PutAsync([put]).AsTask()));
        Assert.All(results, result => Assert.Equal(StoreResult.Stored, Assert.Single(result)));

        await using var second = await silo.StartSiloAsync();
        var members = await second.Services.GetRequiredService<IMembershipTable>().ReadAllAsync();
        Assert.Equal(2, members.Members.Count(member => member.Item1.Status == SiloStatus.Active));
        Assert.DoesNotContain(null, await Shard(second).GetAsync(keys));
    }

    // Each connection of the silo's pool has then used each of PgBouncer's.
    [Fact]
    public async Task Many_writes_at_once_over_many_connections_are_each_made_once()
    {
        var states = Enumerable.Range(0, 400).Select(i => (Grain: Samples.Grain(), State: Samples.State($"{i}"))).ToList();
        for (var version = 1; version <= 5; version++)
        {
            await Task.WhenAll(states.Select(async state =>
            {
                await Storage.WriteStateAsync(Samples.Name, state.Grain, state.State);
                await Storage.ReadAsync(state.Grain);
            }));
            Assert.All(states, state => Assert.Equal($"{version}", state.State.ETag));
        }
    }

    private static IKeyShardGrain Shard(HostedSilo one) => one.Grains.GetGrain<IKeyShardGrain>(0);
}

/// <summary>A silo in the test's process on a PostgreSQL server of its own, through PgBouncer.</summary>
public abstract class PooledSilo(string mode) : IAsyncLifetime
{
    private readonly TemporaryFolder _folder = new();
    private readonly PostgreSqlDatabase _database = new();
    private PgBouncerServer? _bouncer;
    private HostedSilo? _silo;

    public IGrainStorage Storage => First.Services.GetRequiredKeyedService<IGrainStorage>(GrainStorageName.Kad);

    public string ConnectionString => _bouncer!.ConnectionString;

    internal PostgreSqlServer Server => _database.Server;

    internal HostedSilo First => _silo!;

    internal Task<HostedSilo> StartSiloAsync() => HostedSilo.StartAsync(
        _folder.Path,
        [
            .. SharedPostgreSql.StorageIn(ConnectionString), "Orleans:Endpoints:AdvertisedIPAddress=127.0.0.1", "Kad:Cluster:ShardBits=0",
            // Each write that is refused is an error to Orleans.
            "Logging:LogLevel:Orleans=None",
        ]);

    // Without PostgreSQL or PgBouncer the tests are skipped.
    public async ValueTask InitializeAsync()
    {
        if (Machine.Missing(Need.PostgreSql | Need.PgBouncer) is null)
        {
            await _database.InitializeAsync();
            _bouncer = await PgBouncerServer.StartAsync(_database.Server, mode);
            _silo = await StartSiloAsync();
        }
    }

    public async ValueTask DisposeAsync()
    {
        if (_silo is not null)
        {
            await _silo.DisposeAsync();
            await _bouncer!.DisposeAsync();
            await _database.DisposeAsync();
        }

        _folder.Dispose();
        GC.SuppressFinalize(this);
    }
}
