namespace KadOrleans.Cluster.Tests.SiloRole;

[Trait("Tier", "Long")]
public sealed class StorageAlarmTests(SharedPostgreSql postgres) : FolderTests
{
    private readonly CryptographicRandomSource _random = new();

    [Fact]
    [Needs(Need.Promtool)]
    public async Task A_full_disk_raises_an_alarm()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, [.. run.Settings, "Kad:Cluster:ShardBits=2"]);
        await using var edge = new EdgeServer(Folder, "edge", [.. run.Settings, silo.GatewaySetting]);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        await using var load = new StoreLoad(edge.Address, shardBits: 2);
        await load.WholeAsync();
        await run.CalmAsync("KadStorageFailing", "KadStorageSlow");

        await silo.FillDiskAsync();
        await using var asker = new UdpAsker(edge.Address, source: 30);
        for (var end = run.Now + 15; run.Now < end;)
        {
            Assert.False(StoreAsync(asker).IsCompleted);
            await run.PassAsync(1);
        }

        run.Expect(run.Now, "KadStorageFailing", run.LabelsOf("kad-silo"), run.LabelsOf("kad-edge"));

        Assert.Single(silo.Errors.Split('\n'), line => line.Contains("kad-grains.db failed; ", StringComparison.Ordinal));
        await silo.ClearDiskAsync();
        await load.WholeAsync();
        await run.VerifyAsync();
    }

    [Fact]
    [Needs(Need.Promtool | Need.PostgreSql)]
    public async Task A_database_that_takes_seconds_for_a_write_raises_an_alarm()
    {
        await using var relay = DatabaseRelay.Before(await postgres.CreateDatabaseAsync());
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, [.. relay.Storage, .. run.Settings, "Kad:Cluster:ShardBits=0"]);
        await using var edge = new EdgeServer(Folder, "edge", relay.Storage);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        await using var asker = new UdpAsker(edge.Address, source: 30);
        Assert.True(await StoreAsync(asker));
        Assert.True(await StoreAsync(asker));
        await run.CalmAsync("KadStorageSlow");

        var end = run.Now + 30;
        while (run.Now < end)
        {
            relay.Hold();
            var stored = StoreAsync(asker);
            await run.PassAsync(6);
            relay.Release();
            Assert.True(await stored);
        }

        var labels = new Dictionary<string, string> { ["job"] = "kad-silo", ["kad_storage_target"] = "shard" };
        run.Expect(run.Now, "KadStorageSlow", labels);
        run.Expect(run.Now, "KadStorageFailing");
        await run.VerifyAsync();
    }

    [Fact]
    [Needs(Need.Promtool | Need.PostgreSql)]
    public async Task Silos_that_come_and_go_raise_an_alarm()
    {
        // A silo takes seconds to come up; with a shorter interval that would be many of the rule's thirty minutes.
        await using var run = await AlarmRun.StartAsync(TimeSpan.FromSeconds(5));
        var storage = await postgres.CreateStorageAsync();
        await using var stays = new SiloServer(Folder, [.. storage, .. run.Settings]);
        await stays.StartAsync();
        await AlarmRun.UntilAsync(() => run.Last("kad.silo.count", "active") == 1, "The silo is active");
        await ComeAndGoAsync();
        await ComeAndGoAsync();
        run.Expect(run.Now, "KadSiloChurn");
        await ComeAndGoAsync();
        await ComeAndGoAsync();
        run.Expect(run.Now, "KadSiloChurn", new Dictionary<string, string>());
        await run.VerifyAsync();

        async Task ComeAndGoAsync()
        {
            await using var comes = new SiloServer(Folder, storage);
            await comes.StartAsync();
            await AlarmRun.UntilAsync(() => run.Last("kad.silo.count", "active") == 2, "The silo came");
            Assert.Equal(0, await comes.StopAsync());
            await AlarmRun.UntilAsync(() => run.Last("kad.silo.count", "active") == 1, "The silo went");
        }
    }

    [Fact]
    [Needs(Need.Promtool | Need.PostgreSql)]
    public async Task Silos_that_share_a_node_raise_an_alarm()
    {
        await using var run = await AlarmRun.StartAsync();
        string[] storage = [.. await postgres.CreateStorageAsync(), "Kad:Silo:Node=node-1"];
        await using var stays = new SiloServer(Folder, [.. storage, .. run.Settings]);
        await using var comes = new SiloServer(Folder, storage);
        await stays.StartAsync();
        await AlarmRun.UntilAsync(() => run.Of("kad.silo.neighbours").Any(), "It asked the others");
        await run.CalmAsync("KadSilosShareNode");

        await comes.StartAsync();
        await AlarmRun.UntilAsync(() => run.Last("kad.silo.neighbours") == 1, "It knows of the other");
        await run.PassAsync(17);
        run.Expect(run.Now, "KadSilosShareNode", new Dictionary<string, string>());
        await run.VerifyAsync();
    }

    [Fact]
    [Needs(Need.Promtool | Need.PostgreSql)]
    public async Task A_silo_that_is_killed_raises_an_alarm_until_another_one_starts_and_one_that_stops_raises_none()
    {
        await using var run = await AlarmRun.StartAsync(TimeSpan.FromSeconds(1));
        var database = await postgres.CreateDatabaseAsync();
        var storage = SharedPostgreSql.StorageIn(database);
        await using var stays = new SiloServer(Folder, [.. storage, .. run.Settings]);
        await using var stops = new SiloServer(Folder, storage);
        await using var crashes = new SiloServer(Folder, storage);
        await stays.StartAsync();
        await Task.WhenAll(stops.StartAsync(), crashes.StartAsync());
        Assert.Equal(0, await stops.StopAsync());
        await AlarmRun.UntilAsync(() => run.Last("kad.silo.count", "active") == 2, "It went");
        await run.CalmAsync("KadSiloLost");

        // What ends soon after its start has not served, and is not missed.
        await Eventually.ReadAsync(
            () => PostgreSqlStatements.ReadAsync(
                database, "SELECT count(*) FROM orleansmembershiptable WHERE status = 3 AND iamalivetime > starttime + interval '30 seconds'"),
            served => served is 2L,
            TimeSpan.FromMinutes(2));
        await crashes.KillAsync();
        await AlarmRun.UntilAsync(() => run.Last("kad.silo.lost") == 1, "It was declared dead");
        Assert.Equal(["DeclaredDead", "Stopped"], await EndsAsync(stays));
        Assert.Single(stays.Errors.Split('\n'), line => line.Contains("is lost: others declared it dead", StringComparison.Ordinal));
        await run.PassAsync(12);
        run.Expect(run.Now, "KadSiloLost", new Dictionary<string, string>());

        await using var follows = new SiloServer(Folder, storage);
        await follows.StartAsync();

        // It has served for half a minute by then, and the gauge is read each half minute.
        await Eventually.ReadAsync(() => Task.FromResult(run.Last("kad.silo.lost")), lost => lost == 0, TimeSpan.FromMinutes(2));
        Assert.Contains("counts as lost no more", stays.Errors, StringComparison.Ordinal);
        await run.PassAsync(1);
        run.Expect(run.Now, "KadSiloLost");
        await run.VerifyAsync();
    }

    private static async Task<string[]> EndsAsync(SiloServer silo)
    {
        using var http = new HttpClient();
        var status = JsonNode.Parse(await http.GetStringAsync(new Uri(silo.Http, "/status")))!;
        return [.. status["silos"]!.AsArray().Select(one => one!["end"]?.GetValue<string>()).OfType<string>().Order()];
    }

    private Task<bool> StoreAsync(UdpAsker asker) => asker.StoreAsync(NodeId.Random(_random), DhtValue.FromBoolean(true));
}
