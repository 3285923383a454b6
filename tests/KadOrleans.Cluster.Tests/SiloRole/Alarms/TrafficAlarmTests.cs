namespace KadOrleans.Cluster.Tests.SiloRole;

[Needs(Need.Promtool)]
[Trait("Tier", "Long")]
public sealed class TrafficAlarmTests : FolderTests
{
    private readonly CryptographicRandomSource _random = new();

    [Fact]
    public async Task Dropped_requests_of_strangers_raise_an_alarm()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, "Kad:Cluster:ShardBits=2");
        await using var edge = new EdgeServer(Folder, "edge", [.. run.Settings, silo.GatewaySetting, "Kad:Edge:Trust=127.0.0.1/32"]);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        await run.CalmAsync("KadRequestsDropped");
        var end = run.Now + 20;
        await using var stranger = new UdpAsker(edge.Address, source: 30);
        while (run.Now < end)
        {
            // More than wait for one endpoint.
            for (var i = 0; i < 300; i++)
            {
                _ = stranger.StoreAsync(NodeId.Random(_random), DhtValue.FromBoolean(true));
            }

            await run.PassAsync(1);
        }

        run.Expect(run.Now, "KadRequestsDropped", run.LabelsOf("kad-edge"));
        await run.VerifyAsync();
    }

    [Fact]
    public async Task Dropped_observations_raise_an_alarm()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, "Kad:Cluster:ShardBits=2");
        await using var edge = new EdgeServer(Folder, "edge", [.. run.Settings, silo.GatewaySetting, "Kad:Edge:Trust=127.0.0.1/32"]);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        var strangers = new ProvenStrangers(edge.Address);
        await strangers.ComeAsync(64);
        await AlarmRun.UntilAsync(() => run.Last("kad.table.contacts") >= 20, "The table has contacts");
        await run.CalmAsync("KadObservationsDropped");

        await silo.HangAsync();
        var end = int.MaxValue;
        while (run.Now < end)
        {
            await strangers.ComeAsync(256);
            if (end == int.MaxValue && run.Last("kad.table.observation.dropped") > 0)
            {
                end = run.Now + 17;
            }
        }

        run.Expect(run.Now, "KadObservationsDropped", run.LabelsOf("kad-edge"));
        await run.VerifyAsync();
    }

    [Fact]
    public async Task Lookups_that_reach_nobody_any_longer_raise_an_alarm()
    {
        await using var peer = await EdgeRole.Peer.NodeAsync();
        await RunLookupsAsync([$"Kad:Edge:Bootstrap={peer.LocalEndpoints[0]}"], async (run, lookUpAsync) =>
        {
            await AlarmRun.UntilAsync(() => run.Last("kad.node.connected") == 1, "The edge met the peer");
            await lookUpAsync(20);
            await run.CalmAsync("KadLookupsFail");

            await peer.DisposeAsync();
            await lookUpAsync(25);
            run.Expect(run.Now, "KadLookupsFail", new Dictionary<string, string> { ["job"] = "kad-edge" });
        });
    }

    [Fact]
    public Task The_first_edge_of_a_network_raises_no_alarm_though_its_lookups_have_nobody_to_ask() => RunLookupsAsync([], async (run, lookUpAsync) =>
    {
        await AlarmRun.UntilAsync(() => run.Last("kad.node.first") == 1, "The edge serves");
        await lookUpAsync(20);

        run.Expect(run.Now, "KadLookupsFail");
        run.Expect(run.Now, "KadEdgeWithoutContact");
        run.Expect(run.Now, "KadNotReady");
    });

    private async Task RunLookupsAsync(string[] bootstrap, Func<AlarmRun, Func<int, Task>, Task> test)
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, SiloServer.ShardBits(2));
        await using var edge = new EdgeServer(Folder, "edge", [.. run.Settings, silo.GatewaySetting, .. bootstrap]);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        await using var client = await ClusterClient.ConnectAsync(silo);
        await test(run, async minutes =>
        {
            for (var end = run.Now + minutes; run.Now < end;)
            {
                await client.Dht.FindNodeAsync(NodeId.Random(_random), CancellationToken.None);
                await run.PassAsync(1);
            }
        });
        await run.VerifyAsync();
    }

    [Fact]
    public async Task Late_and_missing_reminders_raise_alarms()
    {
        await using var run = await AlarmRun.StartAsync();
        await using var silo = new SiloServer(Folder, [.. run.Settings, "Kad:Cluster:ShardBits=2"]);
        await using var edge = new EdgeServer(Folder, "edge", [.. run.Settings, silo.GatewaySetting]);
        await Task.WhenAll(silo.StartAsync(), edge.StartAsync());
        await using var client = await ClusterClient.ConnectAsync(silo);
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
        run.Expect(run.Now, "KadRemindersMissing", new Dictionary<string, string>());
        await run.VerifyAsync();

        Task RemindAsync(int number, TimeSpan late) =>
            ClusterClient.RemindAsync(client.Grains, "walk", new TickStatus(first, period, first + (number * period) + late));
    }
}
