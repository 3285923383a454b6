namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>A silo whose process ends at once, while its machine lives.</summary>
public sealed class EndedSiloTests(SharedPostgreSql postgres) : FolderTests
{
    private const int ShardBits = 4;

    [Fact]
    [Trait("Tier", "Long")]
    [Needs(Need.PostgreSql)]
    public async Task The_others_see_that_nothing_listens_for_a_killed_silo_and_declare_it_dead()
    {
        var database = await postgres.CreateDatabaseAsync();
        var storage = SharedPostgreSql.StorageIn(database);
        string[] settings = [.. storage, SiloServer.ShardBits(ShardBits)];
        await using var silos = await Silos.StartedAsync(new(Folder, settings), new(Folder, settings), new(Folder, settings));
        await using var edge = new EdgeServer(Folder, "edge", storage);
        await edge.StartAsync();
        await using var load = new StoreLoad(edge.Address, ShardBits);
        await load.WholeAsync();
        await silos.All[0].KillAsync();

        // By their log, whoever was first: Orleans' probes would declare it dead without a word of this.
        await Eventually.ReadAsync(() => Task.FromResult(silos.All[1].Errors + silos.All[2].Errors), log => log.Contains("Nothing listens at the address of silo"));
        await Eventually.ReadAsync(
            () => PostgreSqlStatements.ReadAsync(database, "SELECT count(*) FROM orleansmembershiptable WHERE status = 6"), dead => Equals(dead, 1L));
        await load.WholeAsync();
        await load.StopAsync();
        Assert.Empty(await ValueReading.MissingAsync(edge.Address, load.Acknowledged));
    }
}
