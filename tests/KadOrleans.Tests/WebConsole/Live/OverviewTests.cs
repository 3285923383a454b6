using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace KadOrleans.Tests.WebConsole;

public sealed class OverviewTests
{
    private static readonly Health Ready = new(Health.Ready);
    private static readonly DateTimeOffset Start = new(2026, 11, 1, 0, 0, 0, TimeSpan.Zero);

    [Fact]
    public void Counters_that_restart_go_on_and_a_node_that_is_new_counts_from_now_on()
    {
        var counts = new GrowingCounts();

        Assert.Equal(0, counts.Add([Node("a", 100)])["received.Ping"]);
        Assert.Equal(5, counts.Add([Node("a", 105)])["received.Ping"]);
        Assert.Equal(8, counts.Add([Node("a", 3)])["received.Ping"]);
        Assert.Equal(8, counts.Add([])["received.Ping"]);
        Assert.Equal(9, counts.Add([Node("a", 4), Node("b", 6)])["received.Ping"]);
    }

    [Fact]
    public void Names_of_nodes_that_are_gone_do_not_fill_the_memory()
    {
        var counts = new GrowingCounts();
        counts.Add([Node("first", 5)]);
        for (var number = 0; number < GrowingCounts.MaxNodes; number++)
        {
            counts.Add([Node($"{number}", 1)]);
        }

        Assert.Equal(1, counts.Add([Node("0", 2)])["received.Ping"]);
        Assert.Equal(1, counts.Add([Node("first", 9)])["received.Ping"]);
    }

    [Fact]
    public void Rates_are_those_of_the_last_minute()
    {
        var overview = Overview.Of(Ready, [Node("", 0, contacts: 3)],
        [
            At(0, ("received.Ping", 0)),
            At(60, ("received.Ping", 1_000), ("lookups.Converged", 5)),
            At(90, ("received.Ping", 1_030), ("received.Store", 60), ("stores.accepted", 60), ("lookups.Converged", 10), ("lookups.NobodyAnswered", 1), ("lookups.Cancelled", 9)),
            At(120, ("received.Ping", 1_060), ("received.Store", 60), ("stores.accepted", 60), ("lookups.Converged", 10), ("lookups.NobodyAnswered", 1), ("lookups.Cancelled", 9)),
        ]);

        var rates = overview.Rates!;
        Assert.Equal((60, 2, 1, 0.1, 5, 1), (rates.OverSeconds, rates.Received, rates.Stores, rates.Lookups, rates.Succeeded, rates.Failed));
        Assert.Equal([16.67, 3, 1], overview.Series.Received);
        Assert.Null(Overview.Of(Ready, null, [At(0)]).Rates);

        // The clock was set back.
        Assert.Equal([0], Overview.Of(Ready, null, [At(60), At(0, ("received.Ping", 1))]).Series.Received);
    }

    [Fact]
    public void The_health_is_said_in_words()
    {
        Assert.Equal("Ready. The node serves the network and has 1 contact.", Words(Ready, Node("", 0, contacts: 1)));
        Assert.Equal("Ready. The node has no contacts yet.", Words(Ready, Node("", 0)));
        Assert.Equal(
            "Ready. This node is the first of its network, and alone in it now. Others join it by --bootstrap 192.0.2.1:8468.", Words(Ready, First("")));
        Assert.Equal(
            "Ready. The edge is the first node of its network, and alone in it now. Others join it by --bootstrap HOST:8468, with an address of its "
                + "machine for HOST.",
            Words(Ready, First("edge") with { Endpoints = [UdpEndpoint.Parse("0.0.0.0:8468")] }));
        Assert.Equal("Ready. 2 edges serve the network with 4 contacts.", Words(Ready, First("a"), Node("b", 0, contacts: 4)));
        Assert.Equal("Ready. 2 edges serve the network with 7 contacts.", Words(Ready, Node("a", 0, contacts: 3), Node("b", 0, contacts: 4)));
        Assert.Equal("Ready, but without an edge: nothing is served to the network.", Words(Ready));
        Assert.Equal("Ready. Storage is slow.", Words(new Health(Health.Ready, "Storage is slow."), Node("", 0)));
        Assert.Equal("Not ready: storageFails. The disk is full.", Words(new Health("storageFails", "The disk is full."), Node("", 0)));
        Assert.Equal("Ready, but the status of the nodes is unknown.", Overview.Of(Ready, null, [At(0)]).Words);
    }

    [Fact]
    public void Each_alarm_fires_by_its_own_reason()
    {
        Assert.Empty(Firing(Ready, Node("", 0, contacts: 1)));
        Assert.Equal(["KadNotReady"], Firing(new Health("noContacts"), Node("", 0, contacts: 1)));
        Assert.Equal(["KadEdgeWithoutContact"], Firing(Ready, Node("a", 0, contacts: 1), Node("b", 0)));
        Assert.Equal(["KadStorageFailing"], Firing(Ready, Node("", 0, contacts: 1), ("stores.refused.StorageFailed", 1)));
        Assert.Equal(["KadRequestsDropped"], Firing(Ready, Node("", 0, contacts: 1), ("refused.Busy", 121)));
        Assert.Equal(["KadRequestsDropped"], Firing(Ready, Node("", 0, contacts: 1), ("stores.refused.Busy", 121)));
        Assert.Empty(Firing(Ready, Node("", 0, contacts: 1), ("refused.Busy", 119)));
        Assert.Equal(["KadLookupsFail"], Firing(Ready, Node("", 0, contacts: 1), ("lookups.Converged", 90), ("lookups.RequestLimit", 10)));
        Assert.Empty(Firing(Ready, Node("", 0, contacts: 1), ("lookups.Converged", 96), ("lookups.RequestLimit", 4)));
        Assert.Empty(Firing(Ready, Node("", 0, contacts: 1), ("lookups.NobodyAnswered", 1)));
    }

    [Fact]
    public void The_first_node_of_a_network_has_no_alarm_though_it_has_nobody_to_ask()
    {
        Assert.Empty(Firing(Ready, First(""), ("lookups.NoContacts", 50)));
        Assert.Empty(Firing(Ready, First("edge"), ("lookups.NoContacts", 50)));

        // The only one that had joined it left.
        Assert.Empty(Firing(Ready, First(""), ("lookups.Converged", 3), ("lookups.NobodyAnswered", 16)));
        Assert.Equal(["KadEdgeWithoutContact"], Firing(Ready, First("a"), Node("b", 0)));

        // Beside one that has contacts it is cut off, and has no network of its own.
        Assert.Equal(["KadEdgeWithoutContact"], Firing(Ready, First("a"), Node("b", 0, contacts: 4)));
        Assert.Equal(
            ["None is needed before another node joins.", "There is nobody to ask before another node joins."],
            Overview.Of(Ready, [First("")], [At(0)]).Alarms
                .Where(alarm => alarm.Name is "KadEdgeWithoutContact" or "KadLookupsFail").Select(alarm => alarm.Sentence));
    }

    [Fact]
    public void Few_lookups_are_said_to_be_too_few_to_judge_by() => Assert.Equal(
        "Lookups that reached their target: 0 of 2, too few to judge by.",
        Overview.Of(Ready, [Node("", 0, contacts: 1)], [At(0), At(120, ("lookups.NobodyAnswered", 2))])
            .Alarms.Single(alarm => alarm.Name == "KadLookupsFail").Sentence);

    [Fact]
    public void Storage_fails_while_it_fails_and_afterwards_it_is_said_when_it_did_and_how_often()
    {
        CountsAt[] samples = [At(0), Failed(5), Failed(30), Failed(35)];

        Assert.Equal<(bool, string, DateTimeOffset?)>((true, "STOREs that failed in storage: 25.", Start.AddSeconds(5)), StorageAt(3));
        Assert.Equal<(bool, string, DateTimeOffset?)>((false, "STOREs that failed in storage: 25; none in the last 30 s.", Start.AddSeconds(5)), StorageAt(4));
        Assert.Equal<(bool, string, DateTimeOffset?)>((false, "No write failed in storage.", null), StorageAt(1));

        static CountsAt Failed(int seconds) => At(seconds, ("stores.refused.StorageFailed", 25));

        (bool, string, DateTimeOffset?) StorageAt(int count)
        {
            var alarm = Overview.Of(Ready, [Node("", 0, contacts: 1)], samples[..count]).Alarms.Single(one => one.Name == "KadStorageFailing");
            return (alarm.Fires, alarm.Sentence, alarm.Last);
        }
    }

    [Fact]
    public void A_silo_that_is_missing_fires_an_alarm_and_a_node_has_none_of_silos()
    {
        var dead = new SiloDetails("S192.0.2.2:11111:6", "silo-2", "Dead", null, null, null, null, false, null, false) { End = SiloEnd.Stopped };
        var lost = dead with { End = SiloEnd.DeclaredDead, EndedAt = Start, IsLost = true };
        var running = dead with { State = "Active", IsReady = true, End = null };

        var silos = OverviewSilos.Of([running, running with { IsReady = false }, dead, lost]);
        Assert.Equal((2, 1, 1), (silos.Running, silos.Ready, silos.Lost.Count));
        var alarm = Overview.Of(Ready, [Node("a", 0, contacts: 1)], [At(0)], silos).Alarms[0];
        Assert.Equal(
            ("KadSiloLost", true, "Declared dead, and no silo has started in its place: silo-2.", Start),
            (alarm.Name, alarm.Fires, alarm.Sentence, alarm.Last!.Value));
        Assert.Contains(
            Overview.Of(Ready, [Node("a", 0, contacts: 1)], [At(0)], OverviewSilos.Of([running, dead])).Alarms,
            one => one is { Name: "KadSiloLost", Fires: false, Sentence: "No silo is missing." });
        Assert.DoesNotContain(Overview.Of(Ready, [Node("", 0)], [At(0)]).Alarms, one => one.Name == "KadSiloLost");
    }

    [Fact]
    public void An_edge_that_is_missing_fires_an_alarm_and_one_that_restarts_stopped_or_is_drained_does_not()
    {
        var lost = Edge("edge-2\u202e", EdgeLeaseState.Silent, 120);
        EdgeDetails[] others =
        [
            Edge("a", EdgeLeaseState.Live, 0), Edge("b", EdgeLeaseState.Silent, 119), Edge("c", EdgeLeaseState.Released, 999),
            Edge("d", EdgeLeaseState.Drained, 999), Edge("e", EdgeLeaseState.Silent, 0) with { LastSeen = null },
        ];

        var overview = Overview.Of(Ready, [Node("a", 0, contacts: 1)], [At(0)], edges: OverviewEdges.Of([.. others, lost], Start));
        Assert.Equal(
            new Alarm("KadEdgeLost", true, "Silent for two minutes or longer, and the lease not handed back: edge-2<U+202E>.", lost.LastSeen),
            overview.Alarms[0]);
        Assert.Contains(Of(others).Alarms, one => one is { Name: "KadEdgeLost", Fires: false, Sentence: "No edge is missing.", Last: null });
        Assert.DoesNotContain(Overview.Of(Ready, [Node("", 0)], [At(0)]).Alarms, one => one.Name == "KadEdgeLost");
        Assert.EndsWith(
            ": 0, 1, 2, 3, 4 and 1 more.",
            Of([.. Enumerable.Range(0, 6).Select(number => lost with { Name = $"{number}" })]).Alarms[0].Sentence,
            StringComparison.Ordinal);
    }

    [Fact]
    public void A_cluster_is_unserved_if_it_had_edges_and_none_is_live()
    {
        Assert.False(Of().IsUnserved);
        Assert.True(Of(Edge("a", EdgeLeaseState.Silent, 30)).IsUnserved);
        Assert.True(Of(Edge("a", EdgeLeaseState.Released, 30)).IsUnserved);

        // It has not reported yet.
        Assert.False(Of(Edge("a", EdgeLeaseState.Live, 0)).IsUnserved);
        var known = OverviewEdges.Of([Edge("a", EdgeLeaseState.Silent, 30)], Start);
        Assert.False(Overview.Of(Ready, null, [At(0)], edges: known).IsUnserved);
        Assert.False(Overview.Of(Ready, [Node("b", 0)], [At(0)], edges: known).IsUnserved);
        Assert.False(Overview.Of(Ready, [], [At(0)]).IsUnserved);
    }

    [Fact]
    public void Alarms_that_fire_are_first() => Assert.Equal(
        [true, true, false, false, false, false],
        Overview.Of(Ready, [Node("a", 0)], [At(0), At(120, ("refused.Busy", 999))]).Alarms.Select(alarm => alarm.Fires));

    [Fact]
    public void Storage_that_is_away_and_a_write_over_HTTP_that_failed_fire_the_alarm_of_storage()
    {
        Assert.Contains("KadStorageFailing", Firing(new Health("storage away", null, RefusesWrites: true), Node("", 0, contacts: 1)));
        Assert.Equal(["KadStorageFailing"], Firing(Ready, Node("", 0, contacts: 1), ("http.writes.failed", 1)));
        Assert.True(HealthPages.Read(new(
            new Dictionary<string, HealthReportEntry> { ["ready"] = Entry(new Health("storage away", null, RefusesWrites: true)) }, TimeSpan.Zero)).RefusesWrites);

        static HealthReportEntry Entry(Health health) =>
            new(health.ToResult().Status, health.ToResult().Description, TimeSpan.Zero, null, health.ToResult().Data);
    }

    [Fact]
    public void The_health_of_several_checks_is_that_of_the_worst_in_its_words()
    {
        Assert.Equal(new Health("ready"), Read());
        Assert.Equal(new Health("ready", "a reason"), Read(("first", HealthStatus.Healthy, null, null), ("second", HealthStatus.Healthy, "all is well", "a reason")));
        Assert.Equal(new Health("the till is empty"), Read(("first", HealthStatus.Healthy, "ready", null), ("till", HealthStatus.Unhealthy, "the till is empty", null)));
        Assert.Equal(new Health("the check till is unhealthy"), Read(("slow", HealthStatus.Degraded, "it is slow", null), ("till", HealthStatus.Unhealthy, null, null)));
        Assert.Equal(new Health("ready", "it is slow"), Read(("first", HealthStatus.Healthy, "ready", null), ("slow", HealthStatus.Degraded, "it is slow", null)));

        static Health Read(params (string Name, HealthStatus Status, string? Words, string? Reason)[] checks) => HealthPages.Read(new(
            checks.ToDictionary(check => check.Name, check => new HealthReportEntry(
                check.Status, check.Words, TimeSpan.Zero, null, check.Reason is { } reason ? new Dictionary<string, object> { ["reason"] = reason } : null)),
            TimeSpan.Zero));
    }

    [Fact]
    public void The_size_of_the_network_is_the_middle_of_what_edges_estimate()
    {
        Assert.Equal(900, Overview.Of(Ready, [Node("a", 0) with { NetworkSize = 5 }, Node("b", 0) with { NetworkSize = 900.4 }, Node("c", 0) with { NetworkSize = 950 }, Node("d", 0)], [At(0)]).NetworkSize);
        Assert.Null(Overview.Of(Ready, [Node("", 0)], [At(0)]).NetworkSize);
    }

    [Fact]
    public void An_alarm_names_the_edges_that_it_is_about_and_their_signs_are_seen() => Assert.Equal(
        "Edges without contacts: a<U+202E>.",
        Overview.Of(Ready, [Node("a\u202e", 0)], [At(0)]).Alarms.Single(alarm => alarm.Fires).Sentence);

    [Fact]
    public void Values_that_wait_beyond_their_interval_fire_an_alarm_and_an_edge_that_has_not_reported_yet_fires_none()
    {
        var limit = TimeSpan.FromMinutes(15);
        var late = new SweepProgress { Waiting = 3, Overdue = TimeSpan.FromMinutes(20), OverdueLimit = limit };
        var kept = late with { Waiting = 4, Overdue = limit };

        Assert.Equal("A value waits to be sent again 20 minutes beyond its interval; 15 are allowed.", Sentence(true, Node("", 0) with { Sweep = late }));
        Assert.Equal("Edges on which values wait for too long: a.", Sentence(true, Node("a", 0) with { Sweep = late }, Node("b", 0) with { Sweep = kept }, Node("c", 0)));
        Assert.Equal("No value waits to be sent again for too long.", Sentence(false, Node("b", 0) with { Sweep = kept }, Node("c", 0)));
        Assert.Equal("No edge has said yet how long values wait to be sent again.", Sentence(false, Node("c", 0)));

        var overview = Overview.Of(Ready, [Node("a", 0) with { Sweep = late }, Node("b", 0) with { Sweep = kept }, Node("c", 0)], [At(0)]);
        Assert.Equal((7, TimeSpan.FromMinutes(20), true), (overview.Sweep!.Waiting, overview.Sweep.Overdue, overview.Sweep.MissesInterval));
        Assert.Null(Overview.Of(Ready, [Node("c", 0)], [At(0)]).Sweep);

        static string Sentence(bool fires, params DhtNodeStatus[] nodes) =>
            Assert.Single(Overview.Of(Ready, nodes, [At(0)]).Alarms, alarm => alarm.Name == "KadRepublishLate" && alarm.Fires == fires).Sentence;
    }

    private static string Words(Health health, params DhtNodeStatus[] nodes) => Overview.Of(health, nodes, [At(0)]).Words;

    private static IEnumerable<string> Firing(Health health, params DhtNodeStatus[] nodes) =>
        Overview.Of(health, nodes, [At(0)]).Alarms.Where(alarm => alarm.Fires).Select(alarm => alarm.Name);

    private static IEnumerable<string> Firing(Health health, DhtNodeStatus node, params (string, long)[] counts) =>
        Overview.Of(health, [node], [At(0), At(120, counts)]).Alarms.Where(alarm => alarm.Fires).Select(alarm => alarm.Name);

    private static CountsAt At(int seconds, params (string Name, long Count)[] counts) =>
        new(Start.AddSeconds(seconds), counts.ToDictionary(one => one.Name, one => one.Count));

    private static Overview Of(params EdgeDetails[] edges) => Overview.Of(Ready, [], [At(0)], edges: OverviewEdges.Of(edges, Start));

    private static EdgeDetails Edge(string name, EdgeLeaseState state, int silent) => new(name, state, [], [], 0, 1, Start.AddSeconds(-silent));

    private static DhtNodeStatus First(string name) => Node(name, 0) with { IsFirst = true };

    private static DhtNodeStatus Node(string name, long pings, int contacts = 0) =>
        new(name, [NodeId.MaxValue], [UdpEndpoint.Parse("192.0.2.1:8468")], contacts, new Dictionary<string, long> { ["received.Ping"] = pings });
}
