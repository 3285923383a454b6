namespace KadOrleans.Cluster.Tests.SiloRole;

[Trait("Tier", "Long")]
public sealed class ClusterSampleTests(SharedPostgreSql postgres) : FolderTests
{
    [Fact]
    public async Task A_visitor_reads_who_was_there_before()
    {
        await using var silo = new SiloServer(Folder, "Kad:Cluster:ShardBits=4");
        await using var edge = new EdgeServer(Folder, "edge", silo.GatewaySetting);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());

        Assert.Equal(
            ["Nobody was here before.", "Ada signed.", "The last visitor was Ada.", "Bob signed."],
            await GuestbookVisits.VisitTwiceAsync("Guestbook.Cluster", Folder, $"--Gateway=127.0.0.1:{silo.Gateway}"));
    }

    [Fact]
    [Needs(Need.PostgreSql)]
    public async Task A_visitor_finds_the_silos_in_a_database()
    {
        var storage = await postgres.CreateStorageAsync();
        var way = $"--ConnectionStrings:Orleans={storage[1].Split('=', 2)[1]}";
        await GuestbookVisits.VisitClusterAsync(Folder, "Guestbook.PostgreSql", way, storage);
    }
}
