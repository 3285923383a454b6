namespace KadOrleans.Cluster.Tests.SiloRole;

public sealed class OneSiloOneEdgeTests : FolderTests
{
    private const int ShardBits = 4;

    [Fact]
    public async Task Silo_and_edge_may_be_killed_under_load_and_no_acknowledged_value_is_lost()
    {
        await using var silo = new SiloServer(Folder, SiloServer.ShardBits(ShardBits));
        await using var edge = new EdgeServer(Folder, "edge", silo.GatewaySetting);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        var id = edge.Id;
        await using var killed = new KilledProcesses(ShardBits, edge);
        await killed.WholeAsync();

        // The edge first: after the loss of a silo, nobody takes an edge's name before its lease has ended.
        await killed.KillAsync("edge, restarted at once", edge.RestartAsync);
        await killed.KillAsync("silo, restarted at once", silo.RestartAsync);

        await killed.AllAreThereAsync();
        Assert.Equal(id, edge.Id);
    }
}
