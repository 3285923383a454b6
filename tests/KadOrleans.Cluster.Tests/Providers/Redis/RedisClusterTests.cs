using StackExchange.Redis;

namespace KadOrleans.Cluster.Tests.Providers;

/// <summary>Members and reminders in Redis, state in PostgreSQL.</summary>
[Needs(Need.Redis | Need.PostgreSql)]
public sealed class RedisClusterTests : FolderTests
{
    private const int ShardBits = 4;
    private const string Reminders = "kad/reminders";

    private static readonly string LostRow = "kad-silo: The cluster's table of members has lost this silo's row: ";

    [Fact]
    public async Task Each_process_may_be_killed_under_load_and_no_acknowledged_value_is_lost()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await TwoSilosTwoEdges.SurviveKillsAsync(cluster.Storage);
        Assert.NotEqual(0, await cluster.CountAsync(Reminders));
    }

    [Fact]
    public async Task A_Redis_that_is_killed_and_comes_back_with_its_file_goes_unnoticed_by_members()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var silo = cluster.Silo(Folder);
        await silo.StartAsync();
        await using var edge = cluster.Edge(Folder);
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();

        // STOREs need no Redis.
        await cluster.Redis.KillAsync();
        await load.WholeAsync();
        await cluster.Redis.RestartAsync();

        // A second silo joins by the table.
        await using var second = cluster.Silo(Folder);
        await second.StartAsync();
        await load.WholeAsync();
        Assert.False(silo.HasEnded);
        await AllAreThereAsync(load, edge);
    }

    [Fact]
    public async Task A_silo_whose_joining_a_Redis_lost_ends_says_so_and_joins_again()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var first = cluster.Silo(Folder);
        await first.StartAsync();
        cluster.Redis.KeepWrites();
        await using var second = cluster.Silo(Folder);
        await second.StartAsync();
        await using var edge = cluster.Edge(Folder);
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();

        await cluster.Redis.LoseLaterWritesAsync();
        Assert.Equal(ExitCode.Replaced, await second.ExitAsync());

        // Or "says that this silo is dead": the other one raised the table's version before this one read it twice.
        Assert.StartsWith("kad-silo: The cluster's table of members ", LastLine(second), StringComparison.Ordinal);
        await second.RestartAsync();
        await load.WholeAsync();
        Assert.False(first.HasEnded);
        await AllAreThereAsync(load, edge);
    }

    [Fact]
    public async Task A_silo_of_which_a_Redis_lost_that_it_is_active_writes_so_again()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var first = cluster.Silo(Folder);
        await first.StartAsync();
        await using var second = cluster.Silo(Folder);
        await second.StartAsync();
        Assert.Equal([SiloStatus.Active, SiloStatus.Active], await cluster.StatusesAsync());

        // A silo reads the table once a minute where nobody tells it of a change.
        await cluster.LoseActiveAsync();
        await Eventually.ReadAsync(
            async () => string.Join(' ', await cluster.StatusesAsync()), static statuses => statuses == "Active Active", TimeSpan.FromMinutes(3));
        Assert.False(first.HasEnded || second.HasEnded);
    }

    [Fact]
    public async Task Silos_of_an_emptied_Redis_end_and_start_with_every_value_and_set_reminders_again()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var first = cluster.Silo(Folder);
        await using var second = cluster.Silo(Folder);
        await first.StartAsync();
        await second.StartAsync();
        await using var edge = cluster.Edge(Folder);
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();
        var reminders = await Eventually.ReadAsync(() => cluster.CountAsync(Reminders), count => count >= 1 << ShardBits);

        await cluster.Redis.EmptyAsync();
        var codes = await Task.WhenAll(first.ExitAsync(), second.ExitAsync());
        Assert.Equal([ExitCode.Replaced, ExitCode.Replaced], codes);
        Assert.All([first, second], silo => Assert.StartsWith(LostRow, LastLine(silo), StringComparison.Ordinal));
        await cluster.Redis.EmptyAsync();

        // Without an edge: shards that nobody asks for have reminders too.
        await load.StopAsync();
        Assert.Equal(0, await edge.StopAsync());
        await first.RestartAsync();
        await second.RestartAsync();
        await Eventually.ReadAsync(() => cluster.CountAsync(Reminders), count => count >= 1 << ShardBits);
        await edge.StartAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"{reminders} reminders before, {await cluster.CountAsync(Reminders)} after.");
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, load.Acknowledged));
    }

    [Fact]
    public async Task A_cluster_whose_members_move_to_Redis_keeps_every_value()
    {
        await using var cluster = await RedisCluster.StartAsync();
        string[] before = [cluster.Storage[0], cluster.Storage[1]];
        await using var edge = cluster.Edge(Folder);
        NodeId[] keys;
        await using (var silo = new SiloServer(Folder, [.. before, SiloServer.ShardBits(ShardBits)]))
        {
            await silo.StartAsync();
            await using var old = new EdgeServer(Folder, "edge", before);
            await old.StartAsync();
            await using var load = new StoreLoad(old.Address, ShardBits);
            await load.WholeAsync();
            await load.StopAsync();
            keys = [.. load.Acknowledged];
            Assert.Equal(0, await old.StopAsync());
            Assert.Equal(0, await silo.StopAsync());
        }

        await using var moved = cluster.Silo(Folder);
        await moved.StartAsync();
        await edge.StartAsync();
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, keys));
        await Eventually.ReadAsync(() => cluster.CountAsync(Reminders), count => count >= 1 << ShardBits);
    }

    [Fact]
    public async Task A_grain_directory_in_Redis_survives_a_killed_silo()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var first = cluster.Silo(Folder, "Orleans:GrainDirectory:default:ProviderType=Redis");
        await using var second = cluster.Silo(Folder, "Orleans:GrainDirectory:default:ProviderType=Redis");
        await first.StartAsync();
        await second.StartAsync();
        await using var edge = cluster.Edge(Folder);
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();
        await first.KillAsync();
        await load.WholeAsync();
        await AllAreThereAsync(load, edge);
        Assert.NotEmpty(await cluster.KeysAsync("kad/directory/*"));
    }

    [Fact]
    public async Task TLS_with_certificates_on_both_sides_and_a_password_is_taken_and_what_is_wrong_with_them_is_named()
    {
        using var authority = new TestAuthority();
        using var foreign = new TestAuthority("another authority");
        using var certificate = authority.Issue("redis", "localhost");
        var files = new CertificateFiles(Path.Combine(Folder, "redis")).Write(certificate, authority);
        var others = new CertificateFiles(Path.Combine(Folder, "other")).Write(certificate, foreign);
        await using var cluster = await RedisCluster.StartAsync(
            await RedisServer.StartWithTlsAsync(files.Certificate, files.Key, files.Authority, "--requirepass", "hush-hush"),
            ",password=hush-hush,ssl=true,sslHost=localhost");
        string[] tls = [$"Kad:Redis:Authority={files.Authority}", $"Kad:Redis:Certificate={files.Certificate}", $"Kad:Redis:Key={files.Key}"];
        await using (var silo = cluster.Silo(Folder, tls))
        {
            await silo.StartAsync();
            await using var edge = cluster.Edge(Folder, tls);
            await edge.StartAsync();
            Assert.Equal(0, await edge.StopAsync());
            Assert.Equal(0, await silo.StopAsync());
        }

        var open = $"Kad:Redis:ConnectionString={cluster.Redis.Address},ssl=true,sslHost=localhost";
        string[][] wrong =
        [
            [tls[0], $"Kad:Redis:ConnectionString={cluster.Redis.Address},password=hush-hush"],
            [$"Kad:Redis:Authority={others.Authority}", .. tls[1..]],
            [.. tls, open],
            [.. tls, $"{open},password=hush"],
        ];
        foreach (var settings in wrong)
        {
            var (code, line) = await EndOfAsync([.. cluster.Storage, .. settings]);
            TestContext.Current.TestOutputHelper?.WriteLine(line);
            Assert.StartsWith("kad-silo: Kad:Redis", line, StringComparison.Ordinal);
            Assert.Equal(settings.Length == 2 ? ExitCode.WrongUsage : ExitCode.Failed, code);
            Assert.DoesNotContain("hush", line, StringComparison.Ordinal);
        }
    }

    [Fact]
    public async Task A_Redis_that_is_not_there_ends_a_silo_with_a_sentence_and_an_edge_waits_for_it()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await cluster.Redis.KillAsync();
        var (code, line) = await EndOfAsync(cluster.Storage);
        Assert.Equal(ExitCode.Failed, code);
        Assert.StartsWith("kad-silo: Kad:Redis:ConnectionString: Redis failed: ", line, StringComparison.Ordinal);

        await using var edge = cluster.Edge(Folder);
        edge.Launch();
        await cluster.Redis.RestartAsync();
        await using var silo = cluster.Silo(Folder);
        await silo.StartAsync();
        await edge.ListeningAsync();
    }

    private static string LastLine(RestartableServer server) => server.Errors.Trim().Split('\n')[^1];

    private static async Task AllAreThereAsync(StoreLoad load, EdgeServer edge)
    {
        await load.StopAsync();
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, load.Acknowledged));
    }

    private async Task<(int Code, string Line)> EndOfAsync(params string[] settings)
    {
        await using var silo = ChildProcess.Start(
            ServerExecutable.Name,
            Folder,
            ["Kad:Http=127.0.0.1:0", "Kad:Silo:Port=0", "Kad:Silo:GatewayPort=0", "Kad:Silo:Address=127.0.0.1", .. settings]);
        var code = await silo.ExitAsync();
        return (code, silo.Error.Text.Trim().Split('\n')[^1]);
    }
}

/// <summary>A Redis and a PostgreSQL, and silos and edges on them.</summary>
internal sealed class RedisCluster : IAsyncDisposable
{
    private const string Members = "kad/members/kad";
    private const string Version = "Version";

    private readonly PostgreSqlServer _database;
    private readonly string _options;

    private RedisCluster(RedisServer redis, PostgreSqlServer database, string options) => (Redis, _database, _options) = (redis, database, options);

    public RedisServer Redis { get; }

    public string[] Storage =>
    [
        "Kad:Storage=PostgreSql", $"Kad:PostgreSql:ConnectionString={_database.ConnectionString}",
        "Kad:Clustering=Redis", $"Kad:Redis:ConnectionString={Redis.Address}{_options}",
    ];

    public static async Task<RedisCluster> StartAsync(RedisServer? redis = null, string options = "")
    {
        redis ??= await RedisServer.StartAsync();
        try
        {
            return new RedisCluster(redis, await PostgreSqlServer.StartAsync(), options);
        }
        catch
        {
            await redis.DisposeAsync();
            throw;
        }
    }

    public SiloServer Silo(string folder, params string[] settings) => new(folder, [.. Storage, SiloServer.ShardBits(4), .. settings]);

    public EdgeServer Edge(string folder, params string[] settings) => new(folder, "edge", [.. Storage[2..], .. settings]);

    public async Task<long> CountAsync(string key)
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(Redis.Address);
        return await client.GetDatabase().SortedSetLengthAsync(key);
    }

    public async Task<IReadOnlyCollection<string>> KeysAsync(string pattern)
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(Redis.Address);
        return [.. client.GetServer(Redis.Address).Keys(pattern: pattern).Select(key => key.ToString())];
    }

    /// <summary>What the table of members says of each.</summary>
    public async Task<IReadOnlyList<SiloStatus>> StatusesAsync()
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(Redis.Address);
        return [.. (await RowsAsync(client)).Select(row => (SiloStatus)(int)JsonNode.Parse(row.Value.ToString())![nameof(MembershipEntry.Status)]!)];
    }

    /// <summary>Writes one of the rows as it was before its silo was active, and the version as it was before that.</summary>
    public async Task LoseActiveAsync()
    {
        await using var client = await ConnectionMultiplexer.ConnectAsync(Redis.Address);
        var row = (await RowsAsync(client))[0];
        var entry = JsonNode.Parse(row.Value.ToString())!;
        entry[nameof(MembershipEntry.Status)] = (int)SiloStatus.Joining;
        var version = (int)await client.GetDatabase().HashGetAsync(Members, Version);
        await client.GetDatabase().HashSetAsync(Members, [new(row.Name, entry.ToJsonString()), new(Version, version - 1)]);
    }

    private static async Task<HashEntry[]> RowsAsync(ConnectionMultiplexer client) =>
        [.. (await client.GetDatabase().HashGetAllAsync(Members)).Where(row => row.Name != Version)];

    public async ValueTask DisposeAsync()
    {
        await Redis.DisposeAsync();
        await _database.DisposeAsync();
    }
}
