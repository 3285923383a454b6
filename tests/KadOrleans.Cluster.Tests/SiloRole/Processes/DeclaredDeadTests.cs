namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo that the others cannot reach while its connections stand, as when its machine is cut off.</summary>
public sealed class DeclaredDeadTests(SharedPostgreSql postgres) : FolderTests
{
    private const int ShardBits = 4;

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
        Assert.StartsWith("kad-silo: The other silos declared this one dead", cutOff.Errors.Trim().Split('\n')[^1], StringComparison.Ordinal);

        await load.StopAsync();
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, load.Acknowledged));
    }
}
