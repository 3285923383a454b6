namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo that the others cannot reach while its connections stand, as when its machine is cut off.</summary>
public sealed class DeclaredDeadTests(SharedPostgreSql postgres) : FolderTests
{
    private const int ShardBits = 4;

    // As when the machine of two is lost. The third has the only vote once the others gave no sign of life for half a minute.
    [Fact]
    [Trait("Tier", "Long")]
    [Needs(Need.PostgreSql)]
    public async Task Two_of_three_silos_that_are_lost_at_once_are_declared_dead_by_the_third()
    {
        var storage = SharedPostgreSql.StorageIn(await postgres.CreateDatabaseAsync());
        string[] settings = [.. storage, SiloServer.ShardBits(ShardBits)];
        await using var silos = await Silos.StartedAsync(new(Folder, settings), new(Folder, settings), new(Folder, settings));
        await using var edge = new EdgeServer(Folder, "edge", storage);
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();

        await Task.WhenAll(silos.All[1].HangAsync(), silos.All[2].HangAsync());
        var hung = Stopwatch.GetTimestamp();
        await load.WholeAsync();
        TestContext.Current.TestOutputHelper?.WriteLine($"All shards stored again after {Stopwatch.GetElapsedTime(hung)}.");
        await load.StopAsync();
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, load.Acknowledged));
    }

    [Theory]
    [Trait("Tier", "Long")]
    [InlineData(0)]
    [InlineData(-40)]
    [Needs(Need.PostgreSql | Need.FakeTime)]
    public async Task No_silo_that_lives_is_declared_dead_while_storage_is_away_and_a_clock_is_behind(int ahead)
    {
        await using var relay = DatabaseRelay.Before(await postgres.CreateDatabaseAsync());
        string[] settings = [.. relay.Storage, SiloServer.ShardBits(ShardBits)];
        await using var silos = await Silos.StartedAsync(
            new(Folder, settings), new(Folder, settings), new(Folder, settings) { ClockAhead = TimeSpan.FromSeconds(ahead) });
        await using var edge = new EdgeServer(Folder, "edge", relay.Storage);
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();

        // Longer than the time after which a silo without a sign of life in the table has no vote.
        await relay.CutAsync();
        using var timer = new PeriodicTimer(TimeSpan.FromSeconds(75));
        await timer.WaitForNextTickAsync(TestContext.Current.CancellationToken);
        relay.Open();
        await load.WholeAsync();
        Assert.DoesNotContain(silos.All, silo => silo.HasEnded);
        Assert.Equal(0L, await PostgreSqlStatements.ReadAsync(relay.ConnectionString, "SELECT count(*) FROM orleansmembershiptable WHERE status = 6"));
    }

    [Fact]
    [Trait("Tier", "Long")]
    [Needs(Need.PostgreSql)]
    public async Task A_hung_silo_is_declared_dead_within_45_s_and_ends_with_code_3()
    {
        var database = await postgres.CreateDatabaseAsync();
        var storage = SharedPostgreSql.StorageIn(database);
        string[] settings = [.. storage, SiloServer.ShardBits(ShardBits)];
        using var health = new HealthReader(FreePort.Tcp());
        await using var cutOff = new SiloServer(Folder, settings);
        await using var other = new SiloServer(Folder, [.. settings, health.Setting]);
        await using var edge = new EdgeServer(Folder, "edge", storage);
        await cutOff.StartAsync();
        await other.StartAsync();
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();

        await cutOff.HangAsync();
        var hung = Stopwatch.GetTimestamp();
        await Eventually.ReadAsync(
            () => PostgreSqlStatements.ReadAsync(database, "SELECT count(*) FROM orleansmembershiptable WHERE status = 6"),
            dead => dead is not 0L);
        var took = Stopwatch.GetElapsedTime(hung);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(45));
        await load.WholeAsync();
        await health.BecomesAsync(HttpStatusCode.OK, "ready");

        await cutOff.ContinueAsync();
        Assert.Equal(ExitCode.Replaced, await cutOff.ExitAsync());
        Assert.StartsWith("kad-server: The cluster's table of members says that this silo is dead", cutOff.Errors.Trim().Split('\n')[^1], StringComparison.Ordinal);

        await load.StopAsync();
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, load.Acknowledged));
    }
}
