using KadOrleans.Cluster.Tests.EdgeRole;

namespace KadOrleans.Cluster.Tests.SiloRole;

// The edge is in this process, as a machine's clock cannot be set for one process. Other tests would move its instruments.
[Collection(Grains.Alone.Name)]
[Trait("Tier", "Long")]
public sealed class ClockAlarmTests : FolderTests
{
    [Fact]
    [Needs(Need.Promtool)]
    public async Task A_wrong_clock_of_an_edge_raises_an_alarm()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, [.. run.Settings, SiloServer.ShardBits(2)]);
        await silo.StartAsync();
        await using var client = await ClusterClient.ConnectAsync(silo);
        var clock = new SettableClock();
        await using var edge = new TestEdge(client.Grains, "wrong") { Clock = clock, Telemetry = run.Settings };
        await edge.StartAsync();
        await AlarmRun.UntilAsync(() => run.Of("kad.clock.difference").Any(m => m.Service == "kad-edge"), "The edge asked for the time");
        await run.CalmAsync("KadClockSkew");

        clock.Ahead = TimeSpan.FromSeconds(30);
        await AlarmRun.UntilAsync(() => run.Of("kad.clock.difference").First(m => m.Service == "kad-edge").Points[0].Value < -29, "It asked again");
        await run.PassAsync(8);
        run.Expect(run.Now, "KadClockSkew", run.LabelsOf("kad-edge"));
        await edge.StopAsync();
        await run.VerifyAsync();
    }
}
