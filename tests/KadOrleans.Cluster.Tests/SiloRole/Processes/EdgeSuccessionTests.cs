using System.Net;

namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>Edge processes of one name.</summary>
public sealed class EdgeSuccessionTests : FolderTests
{
    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_second_process_of_a_live_edges_name_waits_for_its_end_and_succeeds_it()
    {
        await using var silo = NewSilo();
        using var health = new HealthReader(FreePort.Tcp());
        await using var older = new EdgeServer(Folder, "edge", silo.GatewaySetting);
        await using var newer = new EdgeServer(Folder, "edge", silo.GatewaySetting, health.Setting);
        await WaitForOlderAsync(silo, older, newer, health);
        await using (var client = await NetworkClient.JoinAsync(older))
        {
            Assert.Equal(older.Id, (await client.PingAsync(older.Address.ToEndpoint())).Id.ToString());
            Assert.False((await client.PingAsync(newer.Address.ToEndpoint())).Answered);
        }

        Assert.Equal(0, await older.StopAsync());
        await newer.ListeningAsync();
        Assert.Equal(older.Id, newer.Id);
        Assert.Single(newer.Errors.Split('\n'), line => line.Contains("Another live edge uses the name edge", StringComparison.Ordinal));
        Assert.Equal(0, await newer.StopAsync());
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task An_edge_that_hung_while_another_took_its_name_ends_with_3_and_waits_when_restarted()
    {
        await using var silo = NewSilo();
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
        await using (var client = await NetworkClient.JoinAsync(successor))
        {
            Assert.Equal(successor.Id, (await client.PingAsync(successor.Address.ToEndpoint())).Id.ToString());
        }

        Assert.Equal(0, await hung.StopAsync());
        Assert.Equal(0, await successor.StopAsync());
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_live_edge_keeps_its_name_when_the_silo_that_knew_it_is_killed_while_another_asks()
    {
        await using var silo = NewSilo();
        using var health = new HealthReader(FreePort.Tcp());
        await using var older = new EdgeServer(Folder, "edge", silo.GatewaySetting);
        await using var newer = new EdgeServer(Folder, "edge", silo.GatewaySetting, health.Setting);
        await WaitForOlderAsync(silo, older, newer, health);

        await silo.KillAsync();
        await health.BecomesAsync(HttpStatusCode.ServiceUnavailable, "the cluster gives no lease");
        await silo.StartAsync();
        await NameIsTakenAsync(health);
        Assert.False(older.HasEnded);
        await older.KillAsync();
        await newer.ListeningAsync();
        Assert.Equal(older.Id, newer.Id);
    }

    private SiloServer NewSilo() => new(Folder, "Kad:Cluster:ShardBits=4");

    private static Task NameIsTakenAsync(HealthReader health) =>
        health.BecomesAsync(HttpStatusCode.ServiceUnavailable, "another live edge uses the name edge");

    private static async Task WaitForOlderAsync(SiloServer silo, EdgeServer older, EdgeServer newer, HealthReader health)
    {
        await Task.WhenAll(silo.StartAsync(), older.StartAsync());
        newer.Launch();
        await NameIsTakenAsync(health);
    }
}
