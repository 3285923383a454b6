namespace KadOrleans.Cluster.Tests.SiloRole;

[Needs(Need.Promtool)]
[Trait("Tier", "Long")]
public sealed class ProcessAlarmTests : FolderTests
{
    [Fact]
    public async Task An_edge_without_contacts_and_missing_processes_raise_alarms()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, [.. run.Settings, "Kad:Cluster:ShardBits=4"]);
        await using var well = new EdgeServer(Folder, "well", [.. run.Settings, silo.GatewaySetting]);
        await using var peer = new EdgeServer(Folder, "peer", [.. run.Settings, silo.GatewaySetting, $"Kad:Edge:Bootstrap={well.Address}"]);
        await using var lonely = new EdgeServer(
            Folder, "lonely", [.. run.Settings, silo.GatewaySetting, $"Kad:Edge:Bootstrap=127.0.0.1:{FreePort.Udp()}", "OTEL_SERVICE_NAME=lonely"]);
        await silo.StartAsync();
        await Task.WhenAll(well.StartAsync(), peer.StartAsync());
        await AlarmRun.UntilAsync(() => run.Of("kad.node.connected").Take(4).Sum(m => m.Points.Single().Value) == 4, "Both edges have met");
        await run.CalmAsync("KadNotReady", "KadEdgeWithoutContact", "KadNoTelemetry");

        await lonely.StartAsync();
        await run.PassAsync(15);
        run.Expect(run.Now, "KadNotReady", run.LabelsOf("lonely"));
        run.Expect(run.Now, "KadEdgeWithoutContact", run.LabelsOf("lonely"));
        run.Expect(run.Now, "KadNoTelemetry");
        await Task.WhenAll(well.KillAsync(), peer.KillAsync(), lonely.KillAsync());
        await silo.StopAsync();

        // Prometheus remembers a value for five minutes, and the rule waits for ten.
        run.Expect(run.Now + 16, "KadNoTelemetry", new Dictionary<string, string>());
        await run.VerifyAsync();
    }

    [Fact]
    public async Task An_edge_that_lost_its_lease_raises_an_alarm()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, "Kad:Cluster:ShardBits=4");
        await using var hung = new EdgeServer(Folder, "edge", [.. run.Settings, silo.GatewaySetting]);
        await using var successor = new EdgeServer(Folder, "edge", silo.GatewaySetting);
        await Task.WhenAll(silo.StartAsync(), hung.StartAsync());
        await run.CalmAsync("KadLeaseLost");

        await hung.HangAsync();
        await successor.StartAsync();
        await hung.ContinueAsync();
        Assert.Equal((ExitCode.Replaced, successor.Id), (await hung.ExitAsync(), hung.Id));

        // It told of the loss while it ended.
        run.Expect(run.Now, "KadLeaseLost", run.LabelsOf("kad-edge"));
        await run.VerifyAsync();
    }
}
