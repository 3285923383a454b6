namespace KadOrleans.Cluster.Tests.SiloRole;

/// <summary>The alarms that tell of requests, lookups, observations and reminders.</summary>
[Trait("Tier", "Long")]
public sealed class TrafficAlarmTests : FolderTests
{
    private static readonly Dictionary<string, string> None = [];

    private readonly CryptographicRandomSource _random = new();

    [Fact]
    [Needs(Need.Promtool)]
    public async Task Dropped_requests_of_strangers_raise_an_alarm()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, "Kad:Cluster:ShardBits=2");
        await using var edge = new EdgeServer(Folder, "edge", [.. run.Settings, silo.GatewaySetting, "Kad:Edge:Trust=127.0.0.1/32"]);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        await run.CalmAsync("KadRequestsDropped");
        var end = run.Now + 20;
        using var stranger = new Stranger(edge.Address);
        while (run.Now < end)
        {
            // More than wait for one endpoint.
            for (var i = 0; i < 300; i++)
            {
                stranger.Send(Stranger.Store(stranger.NewId(), NodeId.Random(_random), DhtValue.FromBoolean(true)));
            }

            await run.PassAsync(1);
        }

        run.Expect(run.Now, "KadRequestsDropped", run.LabelsOf("kad-edge"));
        await run.VerifyAsync();
    }

    [Fact]
    [Needs(Need.Promtool)]
    public async Task Dropped_observations_raise_an_alarm()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, "Kad:Cluster:ShardBits=2");
        await using var edge = new EdgeServer(Folder, "edge", [.. run.Settings, silo.GatewaySetting, "Kad:Edge:Trust=127.0.0.1/32"]);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        using var strangers = new ProvenStrangers(edge.Address);
        await strangers.ComeAsync(64);
        await run.UntilAsync(() => run.Last("kad.table.contacts") >= 20, "The table has contacts");
        await run.CalmAsync("KadObservationsDropped");

        await silo.HangAsync();
        var end = int.MaxValue;
        while (run.Now < end)
        {
            await strangers.ComeAsync(256);
            if (end == int.MaxValue && run.Last("kad.table.observations.dropped") > 0)
            {
                end = run.Now + 17;
            }
        }

        run.Expect(run.Now, "KadObservationsDropped", run.LabelsOf("kad-edge"));
        await run.VerifyAsync();
    }

    [Fact]
    [Needs(Need.Promtool)]
    public async Task Lookups_that_no_longer_reach_anybody_raise_an_alarm()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, "Kad:Cluster:ShardBits=2");
        await using var peer = new NodeServer(Folder, "peer");
        await peer.StartAsync();
        await using var edge = new EdgeServer(Folder, "edge", [.. run.Settings, silo.GatewaySetting, $"Kad:Edge:Bootstrap={peer.Address}"]);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        await run.UntilAsync(() => run.Last("kad.nodes.connected") == 1, "The edge met the peer");
        await using var client = await ClusterClient.ConnectAsync(silo.Gateway);
        await LookUpAsync(20);
        await run.CalmAsync("KadLookupsFail");

        await peer.KillAsync();
        await LookUpAsync(25);
        run.Expect(run.Now, "KadLookupsFail", new Dictionary<string, string> { ["job"] = "kad-edge" });
        await run.VerifyAsync();

        async Task LookUpAsync(int minutes)
        {
            for (var end = run.Now + minutes; run.Now < end;)
            {
                await client.Dht.FindNodeAsync(NodeId.Random(_random), CancellationToken.None);
                await run.PassAsync(1);
            }
        }
    }

    [Fact]
    [Needs(Need.Promtool)]
    public async Task Lookups_that_never_reached_anybody_raise_an_alarm()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, "Kad:Cluster:ShardBits=2");
        await using var edge = new EdgeServer(Folder, "edge", [.. run.Settings, silo.GatewaySetting]);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        await using var client = await ClusterClient.ConnectAsync(silo.Gateway);
        await run.CalmAsync("KadLookupsFail");

        for (var end = run.Now + 20; run.Now < end;)
        {
            await client.Dht.FindNodeAsync(NodeId.Random(_random), CancellationToken.None);
            await run.PassAsync(1);
        }

        run.Expect(run.Now, "KadLookupsFail", new Dictionary<string, string> { ["job"] = "kad-edge" });
        await run.VerifyAsync();
    }

    [Fact]
    [Needs(Need.Promtool)]
    public async Task Late_and_missing_reminders_raise_alarms()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, [.. run.Settings, "Kad:Cluster:ShardBits=2"]);
        await using var edge = new EdgeServer(Folder, "edge", [.. run.Settings, silo.GatewaySetting]);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        await using var client = await ClusterClient.ConnectAsync(silo.Gateway);
        var period = TimeSpan.FromMinutes(5);
        var first = DateTime.UtcNow;
        await RemindAsync(1, TimeSpan.Zero);
        await run.PassAsync(2);
        await RemindAsync(2, TimeSpan.Zero);
        await run.CalmAsync("KadReminderLate", "KadRemindersMissing");

        await RemindAsync(3, TimeSpan.FromSeconds(200));
        await run.PassAsync(18);
        run.Expect(run.Now, "KadReminderLate", new Dictionary<string, string> { ["kad_reminder_name"] = "walk" });
        run.Expect(run.Now, "KadRemindersMissing");

        // An hour without any, and the rule's quarter.
        await run.PassAsync(62);
        run.Expect(run.Now, "KadRemindersMissing", None);
        await run.VerifyAsync();

        Task RemindAsync(int number, TimeSpan late) =>
            client.RemindAsync("walk", new TickStatus(first, period, first + (number * period) + late));
    }
}
