namespace KadOrleans.Cluster.Tests.Providers;

/// <summary>Members and reminders in Redis, state in PostgreSQL.</summary>
[Needs(Need.Redis | Need.PostgreSql)]
public sealed class RedisClusterTests : FolderTests
{
    private const int ShardBits = 4;

    [Fact]
    public async Task A_Redis_that_is_killed_and_comes_back_with_its_file_goes_unnoticed_by_members()
    {
        await using var cluster = await RedisCluster.StartAsync();
        await using var silo = cluster.Silo(Folder);
        await silo.StartAsync();
        await using var edge = cluster.Edge(Folder);
        await edge.StartAsync();
        await using var load = new KilledProcesses(ShardBits, edge);
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
        await load.AllAreThereAsync();
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
        await Eventually.ReadAsync(() => cluster.CountAsync(RedisCluster.Reminders), count => count >= 1 << ShardBits);
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
        await using var load = new KilledProcesses(ShardBits, edge);
        await load.WholeAsync();
        await first.KillAsync();
        await load.WholeAsync();
        await load.AllAreThereAsync();
        Assert.NotEmpty(await cluster.KeysAsync("kad/directory/*"));
        Assert.NotEqual(0, await cluster.CountAsync(RedisCluster.Reminders));
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
            Assert.StartsWith("kad-server: Kad:Redis", line, StringComparison.Ordinal);
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
        Assert.StartsWith("kad-server: Kad:Redis:ConnectionString: Redis failed: ", line, StringComparison.Ordinal);

        await using var edge = cluster.Edge(Folder);
        edge.Launch();
        await cluster.Redis.RestartAsync();
        await using var silo = cluster.Silo(Folder);
        await silo.StartAsync();
        await edge.ListeningAsync();
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
