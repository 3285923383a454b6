namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The clock of a silo jumps while it runs.</summary>
public sealed class SiloClockJumpTests(SharedPostgreSql postgres) : FolderTests
{
    private const int ShardBits = 4;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    [Needs(Need.FakeTime)]
    public async Task A_silo_alone_whose_clock_is_ahead_for_a_while_has_its_values_meanwhile_and_says_so()
    {
        var clock = new FakedClock(Folder);
        using var health = new HealthReader(FreePort.Tcp());
        await using var silo = new SiloServer(Folder, SiloServer.ShardBits(ShardBits), health.Setting) { Environment = clock.Variables };
        await silo.StartAsync();
        await using var client = await ClusterClient.ConnectAsync(silo);
        await SetAsync(client, 0);

        clock.Set(TimeSpan.FromDays(8));
        await health.BecomesAsync(HttpStatusCode.OK, "clock jumped ahead by 6912");
        await AssertThereAsync(client, 10);
        await SetAsync(client, 10);
        await AssertThereAsync(client, 20);

        clock.Set(TimeSpan.Zero);
        await Eventually.ReadAsync(
            async () => (await health.ReadAsync("ready")).Body, body => !body.Contains("clock", StringComparison.Ordinal));
        await AssertThereAsync(client, 20);
    }

    [Fact]
    [Needs(Need.PostgreSql | Need.FakeTime)]
    public async Task One_of_three_silos_whose_clock_is_ahead_says_so_at_once_and_has_all_values()
    {
        var clock = new FakedClock(Folder);
        string[] settings = [.. await postgres.CreateStorageAsync(), SiloServer.ShardBits(ShardBits)];
        HealthReader[] health = [.. Enumerable.Range(0, 3).Select(_ => new HealthReader(FreePort.Tcp()))];
        SiloServer[] silos = [.. health.Select(reader => new SiloServer(Folder, [.. settings, reader.Setting]))];
        try
        {
            silos[0].Environment = clock.Variables;
            foreach (var silo in silos)
            {
                await silo.StartAsync();
            }

            await using var client = await ClusterClient.ConnectAsync(silos[0].Gateway);
            await SetAsync(client, 0);
            clock.Set(TimeSpan.FromDays(8));
            await health[0].BecomesAsync(HttpStatusCode.ServiceUnavailable, "clock skew");
            await health[1].BecomesAsync(HttpStatusCode.OK, "ready");
            await health[2].BecomesAsync(HttpStatusCode.OK, "ready");
            await AssertThereAsync(client, 10);
            await SetAsync(client, 10);
            await AssertThereAsync(client, 20);

            clock.Set(TimeSpan.Zero);
            await health[0].BecomesAsync(HttpStatusCode.OK, "ready");
            await AssertThereAsync(client, 20);
        }
        finally
        {
            foreach (var silo in silos)
            {
                await silo.DisposeAsync();
            }

            Array.ForEach(health, reader => reader.Dispose());
        }
    }

    private static async Task SetAsync(ClusterClient client, int first)
    {
        for (var i = first; i < first + 10; i++)
        {
            Assert.Equal(StoreResult.Stored, (await client.Dht.SetAsync(Key(i), DhtValue.FromInteger(i), Token)).Local);
        }
    }

    private static async Task AssertThereAsync(ClusterClient client, int count)
    {
        for (var i = 0; i < count; i++)
        {
            Assert.Equal(DhtValue.FromInteger(i), (await client.Dht.GetAsync(Key(i), Token)).Value);
        }
    }

    private static NodeId Key(int i) => NodeId.FromKey($"key {i}");
}
