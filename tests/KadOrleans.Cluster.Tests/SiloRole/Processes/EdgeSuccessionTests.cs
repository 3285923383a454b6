namespace KadOrleans.Cluster.Tests.SiloRole;

[Trait("Tier", "Long")]
public sealed class EdgeSuccessionTests : FolderTests
{
    [Fact]
    public async Task An_edge_that_hung_while_another_took_its_name_ends_with_3_and_waits_when_restarted()
    {
        await using var silo = new SiloServer(Folder, SiloServer.ShardBits(4));
        using var health = new HealthReader(FreePort.Tcp());
        await using var hung = new EdgeServer(Folder, "edge", silo.GatewaySetting, health.Setting);
        await using var successor = new EdgeServer(Folder, "edge", silo.GatewaySetting);
        await Task.WhenAll(silo.StartAsync(), hung.StartAsync());

        await hung.HangAsync();
        await successor.StartAsync();
        await hung.ContinueAsync();
        Assert.Equal(ExitCode.Replaced, await hung.ExitAsync());
        Assert.Equal(hung.Id, successor.Id);

        // As its supervisor would.
        hung.Launch();
        await NameIsTakenAsync(health);
        await using (var client = await NetworkClient.JoinAsync(successor.Address))
        {
            Assert.Equal(successor.Id, (await client.PingAsync(successor.Address.ToEndpoint())).Id.ToString());
            Assert.False((await client.PingAsync(hung.Address.ToEndpoint())).Answered);
        }

        Assert.Equal((0, 0), (await hung.StopAsync(), await successor.StopAsync()));
    }

    [Fact]
    public async Task A_live_edge_keeps_its_name_when_the_silo_that_knew_it_is_killed_while_another_asks_which_succeeds_it()
    {
        await using var silo = new SiloServer(Folder, SiloServer.ShardBits(4));
        using var health = new HealthReader(FreePort.Tcp());
        await using var older = new EdgeServer(Folder, "edge", silo.GatewaySetting);
        await using var newer = new EdgeServer(Folder, "edge", silo.GatewaySetting, health.Setting);
        await Task.WhenAll(silo.StartAsync(), older.StartAsync());
        newer.Launch();
        await NameIsTakenAsync(health);

        await silo.KillAsync();
        await health.BecomesAsync(HttpStatusCode.ServiceUnavailable, "the cluster gives no lease");
        Assert.Single(newer.Errors.Split('\n'), line => line.Contains("Another live edge uses the name edge", StringComparison.Ordinal));
        await silo.StartAsync();
        await NameIsTakenAsync(health);
        Assert.False(older.HasEnded);
        await older.KillAsync();
        await newer.ListeningAsync();
        Assert.Equal(older.Id, newer.Id);
    }

    private static Task NameIsTakenAsync(HealthReader health) =>
        health.BecomesAsync(HttpStatusCode.ServiceUnavailable, "another live edge uses the name edge");
}
