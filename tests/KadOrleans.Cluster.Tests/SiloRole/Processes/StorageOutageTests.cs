using Npgsql;

namespace KadOrleans.Cluster.Tests.SiloRole;

[Needs(Need.PostgreSql)]
[Trait("Tier", "Long")]
public sealed class StorageOutageTests(SharedPostgreSql postgres) : FolderTests
{
    private const int ShardBits = 4;

    [Fact]
    public async Task While_the_database_is_away_all_but_STORE_is_answered_and_all_is_well_when_it_is_back()
    {
        await using var relay = DatabaseRelay.Before(await postgres.CreateDatabaseAsync());
        using var siloHealth = new HealthReader(FreePort.Tcp());
        using var edgeHealth = new HealthReader(FreePort.Tcp());
        using var lateHealth = new HealthReader(FreePort.Tcp());
        await using var silo = new SiloServer(Folder, [.. relay.Storage, siloHealth.Setting, SiloServer.ShardBits(ShardBits)]);
        await using var edge = new EdgeServer(Folder, "edge", [.. relay.Storage, edgeHealth.Setting]);
        await using var late = new EdgeServer(Folder, "late", [.. relay.Storage, lateHealth.Setting]);
        await silo.StartAsync();
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();
        await siloHealth.BecomesAsync(HttpStatusCode.OK, "ready");

        await relay.CutAsync();
        await using var asker = new UdpAsker(edge.Address, source: 30);
        var stores = Enumerable.Range(0, 64).Select(i => asker.StoreAsync(NodeId.FromKey($"{i}"), DhtValue.FromInteger(i))).ToList();
        late.Launch();
        await siloHealth.BecomesAsync(HttpStatusCode.ServiceUnavailable, "storage away");
        await lateHealth.BecomesAsync(HttpStatusCode.ServiceUnavailable, "status");
        foreach (var health in new[] { siloHealth, edgeHealth, lateHealth })
        {
            Assert.Equal(HttpStatusCode.OK, (await health.ReadAsync("live")).Code);
        }

        Assert.Equal(HttpStatusCode.OK, (await edgeHealth.ReadAsync("ready")).Code);
        await using (var client = await NetworkClient.JoinAsync(edge.Address))
        {
            Assert.Equal(edge.Id, (await client.PingAsync(edge.Address.ToEndpoint())).Id.ToString());
        }

        Assert.Empty(await ValueReading.MissingAsync(edge.Address, load.Acknowledged));
        Assert.All(stores, store => Assert.False(store.IsCompleted));

        relay.Open();
        await load.WholeAsync();
        await late.ListeningAsync();
        await siloHealth.BecomesAsync(HttpStatusCode.OK, "ready");
        await load.StopAsync();
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, load.Acknowledged));
        Assert.Empty(await ValueReading.MissingAsync(late.Address, load.Acknowledged));
        Assert.All(stores, store => Assert.False(store.IsCompleted));
        Assert.Equal((0, 0, 0), (await late.StopAsync(), await edge.StopAsync(), await silo.StopAsync()));
        Assert.DoesNotContain("refuses writes", silo.Errors, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_database_that_refuses_writes_is_reported_and_reads_go_on()
    {
        var database = await postgres.CreateDatabaseAsync();
        using var siloHealth = new HealthReader(FreePort.Tcp());
        using var edgeHealth = new HealthReader(FreePort.Tcp());
        var storage = SharedPostgreSql.StorageIn(database);
        await using var silo = new SiloServer(Folder, [.. storage, siloHealth.Setting, SiloServer.ShardBits(ShardBits)]);
        await using var edge = new EdgeServer(Folder, "edge", [.. storage, edgeHealth.Setting]);
        await silo.StartAsync();
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();
        await siloHealth.BecomesAsync(HttpStatusCode.OK, """{"status":"ready"}""");

        await SetReadOnlyAsync(database, isReadOnly: true);
        await siloHealth.BecomesAsync(HttpStatusCode.OK, "Grain storage refuses writes");
        await edgeHealth.BecomesAsync(HttpStatusCode.OK, "No shard took a value of late");
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, load.Acknowledged));
        Assert.Single(silo.Errors.Split('\n'), line => line.Contains("Grain storage refuses writes", StringComparison.Ordinal));

        await SetReadOnlyAsync(database, isReadOnly: false);
        await load.WholeAsync();
        await siloHealth.BecomesAsync(HttpStatusCode.OK, """{"status":"ready"}""");
        await edgeHealth.BecomesAsync(HttpStatusCode.OK, """{"status":"ready"}""");
    }

    // Of the database alone: the server is shared. Sessions take it when they begin, so the silo's are ended.
    private static async Task SetReadOnlyAsync(string connection, bool isReadOnly)
    {
        var name = new NpgsqlConnectionStringBuilder(connection).Database;
        await using var session = new NpgsqlConnection($"{connection};Pooling=false");
        await session.OpenAsync();
        foreach (var statement in new[]
        {
            "SET default_transaction_read_only = off",
            $"ALTER DATABASE \"{name}\" SET default_transaction_read_only = {(isReadOnly ? "on" : "off")}",
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()",
        })
        {
            await using var command = new NpgsqlCommand(statement, session);
            await command.ExecuteNonQueryAsync();
        }
    }

    [Fact]
    public async Task A_silo_that_stops_while_the_database_is_away_ends_with_1_and_a_sentence()
    {
        await using var relay = DatabaseRelay.Before(await postgres.CreateDatabaseAsync());
        await using var silo = new SiloServer(Folder, [.. relay.Storage, SiloServer.ShardBits(ShardBits)]);
        await using var edge = new EdgeServer(Folder, "edge", relay.Storage);
        await silo.StartAsync();
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();

        await relay.CutAsync();
        var stopping = Stopwatch.GetTimestamp();
        Assert.Equal(1, await silo.StopAsync());

        // What orchestrators wait for a process to end.
        Assert.InRange(Stopwatch.GetElapsedTime(stopping), TimeSpan.Zero, TimeSpan.FromSeconds(30));
        Assert.StartsWith("kad-server: The silo could not leave the cluster in order", silo.Errors.Trim().Split('\n')[^1], StringComparison.Ordinal);
        await silo.DisposeAsync();

        relay.Open();
        await silo.StartAsync();
        await load.WholeAsync();
        await load.StopAsync();
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, load.Acknowledged));
    }

    [Fact]
    public async Task Liveness_is_reported_while_calls_of_a_hung_database_time_out()
    {
        await using var relay = DatabaseRelay.Before(await postgres.CreateDatabaseAsync());
        using var health = new HealthReader(FreePort.Tcp());
        await using var silo = new SiloServer(
            Folder, [.. SharedPostgreSql.StorageIn($"{relay.ConnectionString};Command Timeout=8"), health.Setting, SiloServer.ShardBits(ShardBits)]);
        await using var edge = new EdgeServer(Folder, "edge", relay.Storage);
        await silo.StartAsync();
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();

        relay.Hold();
        await health.BecomesAsync(HttpStatusCode.OK, "Grain storage takes more than 1 s for a read.");
        await health.BecomesAsync(HttpStatusCode.ServiceUnavailable, "storage away");
        using var timer = new PeriodicTimer(TimeSpan.FromMilliseconds(250));
        var longest = TimeSpan.Zero;
        for (var asked = 0; asked < 80 && await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken); asked++)
        {
            var start = Stopwatch.GetTimestamp();
            Assert.Equal(HttpStatusCode.OK, (await health.ReadAsync("live")).Code);
            longest = Stopwatch.GetElapsedTime(start) is var took && took > longest ? took : longest;
        }

        // What orchestrators wait for one answer.
        TestContext.Current.TestOutputHelper?.WriteLine($"The longest answer took {longest}.");
        Assert.InRange(longest, TimeSpan.Zero, TimeSpan.FromSeconds(5));
        relay.Release();
        await health.BecomesAsync(HttpStatusCode.OK, "ready");
        await load.StopAsync();
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, load.Acknowledged));
    }
}
