namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>An edge whose only silo hangs: its connections stand, and nothing is answered.</summary>
public sealed class HungSiloTests : FolderTests
{
    [Fact]
    [Trait("Tier", "Long")]
    public async Task An_edge_that_is_told_to_stop_does_not_wait_for_silos_that_hang()
    {
        await using var silo = new SiloServer(Folder, SiloServer.ShardBits(4));
        await using var edge = new EdgeServer(Folder, "edge", silo.GatewaySetting);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        await using var load = new StoreLoad(edge.Address, shardBits: 4);
        await load.WholeAsync();

        await silo.HangAsync();
        var told = Stopwatch.GetTimestamp();
        Assert.Equal(0, await edge.StopAsync());

        // Puts under way may take 5 s to fail, and the lease is offered back for 3 s; an orchestrator waits for 30 s.
        var took = Stopwatch.GetElapsedTime(told);
        Assert.InRange(took, TimeSpan.Zero, TimeSpan.FromSeconds(12));
    }
}
