using KadOrleans.Cli;
using KadOrleans.Tests.Http;

namespace KadOrleans.Tests.Cli;

/// <summary>What <c>kad admin run republish</c>, <c>status</c> and <c>edges</c> print of values that are sent again.</summary>
public sealed class RepublishCommandTests(ApiHost host) : IClassFixture<ApiHost>
{
    private static readonly DateTimeOffset Noon = new(2026, 11, 1, 12, 0, 0, TimeSpan.Zero);

    // It ended before.
    private static readonly SweepProgress Former = new()
    {
        At = Noon,
        BegunAt = Noon.AddHours(-1),
        EndedAt = Noon.AddMinutes(-59),
        Values = 500,
        Republished = 500,
        Regions = 9,
        RegionsDone = 9,
        Lateness = TimeSpan.FromHours(9),
        OverdueLimit = TimeSpan.FromMinutes(15),
    };

    private static readonly SweepProgress Begun = new()
    {
        At = Noon.AddSeconds(1),
        BegunAt = Noon.AddSeconds(1),
        Values = 40,
        Waiting = 40,
        Regions = 3,
        Overdue = TimeSpan.FromMinutes(20),
        OverdueLimit = TimeSpan.FromMinutes(15),
        LeftOut = 2,
    };

    private static readonly SweepProgress Half = Begun with { At = Noon.AddSeconds(2), Waiting = 20, Republished = 19, Published = 1, RegionsDone = 1 };

    private static readonly SweepProgress Ended = Half with
    {
        At = Noon.AddSeconds(3),
        EndedAt = Noon.AddSeconds(3),
        Waiting = 0,
        Republished = 37,
        Published = 2,
        RegionsDone = 3,
        Overdue = TimeSpan.Zero,
        Lateness = TimeSpan.FromMinutes(21),
    };

    private readonly ApiHost _api = host.Reset();

    [Fact]
    public async Task A_nodes_sweep_is_followed_to_its_end_with_what_it_sent()
    {
        Say(Node(Former, 500, 0, 9), Node(Former with { At = Noon.AddSeconds(1), IsLooking = true }, 500, 0, 9), Node(Begun, 500, 0, 9), Node(Half, 519, 1, 10), Node(Ended, 537, 2, 12));

        var run = await _api.RunAsync("run", "republish");

        Assert.Equal(
            (ExitCode.Done, "39 values sent: 37 held for the network, 2 own publications; in 3 regions, with 0 surveys and 6 lookups for one value. "
                + "The most overdue was 21 min late.\n"),
            (run.ExitCode, run.Output));
        Assert.Equal(
            """
            0 of 40 values sent, 0 of 3 regions done. The most overdue is 20 min late.
            20 of 40 values sent, 1 of 3 regions done. The most overdue is 20 min late.
            39 of 40 values sent, 3 of 3 regions done.

            """.ReplaceLineEndings("\n"),
            run.Error);
        Assert.Equal("run Republish", string.Join(' ', Assert.Single(_api.Admin.Calls).Split(' ').Take(2)), ignoreCase: true);
    }

    [Fact]
    public async Task Programs_get_one_object_at_the_end_and_nothing_else()
    {
        Say(Node(Former, 500, 0, 9), Node(Half, 519, 1, 10), Node(Ended, 537, 2, 12));

        var run = await _api.RunAsync("run", "republish", "--json");

        Assert.Equal(string.Empty, run.Error);
        Assert.Equal(
            """{"work":"republish","begun":4,"nextDue":null,"due":40,"republished":37,"published":2,"refused":0,"unsent":0,"regions":3,"surveys":0,"lookups":6,"lateness":1260,"waiting":0,"isCluster":false,"contacts":5,"unknown":[]}""",
            run.Output.Trim());
    }

    [Fact]
    public async Task A_look_that_finds_nothing_is_told_as_such_and_the_sweep_of_before_is_not_its_own()
    {
        Say(Node(Former, 500, 0, 9), Node(Former with { At = Noon.AddSeconds(1), IsLooking = true }, 500, 0, 9), Node(Former with { At = Noon.AddSeconds(2) }, 500, 0, 9));

        var run = await _api.RunAsync("run", "republish");

        Assert.Equal((ExitCode.Done, "No value was sent: none is due.\n", string.Empty), (run.ExitCode, run.Output, run.Error));
    }

    [Fact]
    public async Task When_the_next_value_is_due_is_told()
    {
        Say(Node(Former, 500, 0, 9), Node(Former with { At = Noon.AddSeconds(1) }, 500, 0, 9));
        _api.Admin.NextDue = DateTimeOffset.UtcNow.AddMinutes(38.4);

        var run = await _api.RunAsync("run", "republish");

        Assert.Equal("No value was sent: none is due.\n", run.Output);
        Assert.Matches("^The next value is due in 38 min \\([0-9:]{8} UTC\\) at the earliest\\.\n$", run.Error);
    }

    [Fact]
    public async Task What_was_due_and_nobody_answered_is_told_and_is_a_failure()
    {
        var ended = Ended with { Values = 67, Republished = 4, Published = 0 };
        Say(Node(Former, 500, 0, 9), Counting(Node(ended, 504, 0, 12), "values.unanswered", 63));

        var run = await _api.RunAsync("run", "republish");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.StartsWith("4 values sent: 4 held for the network", run.Output, StringComparison.Ordinal);
        Assert.EndsWith("63 of 67 values not sent, as nobody answered: what is due is tried again.\n", run.Error, StringComparison.Ordinal);
    }

    /// <summary>The second look of the run has tried them again.</summary>
    [Fact]
    public async Task Programs_get_how_many_were_not_sent_once_each()
    {
        var ended = Ended with { Values = 67, Republished = 0, Published = 0 };
        Say(Node(Former, 500, 0, 9), Counting(Node(ended, 500, 0, 9), "values.unanswered", 134));

        var run = await _api.RunAsync("run", "republish", "--json");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("\"due\":67,\"republished\":0,\"published\":0,\"refused\":0,\"unsent\":67,", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"message\":\"67 of 67 values not sent, as nobody answered", run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task A_node_that_is_cut_off_does_not_say_that_nothing_is_due()
    {
        Say(Node(Former, 500, 0, 9), Counting(Node(Former with { At = Noon.AddSeconds(1) }, 500, 0, 9), "sweeps.cutOff", 1));

        var run = await _api.RunAsync("run", "republish");

        Assert.Equal(
            (ExitCode.Failed, "No value was sent.\n", "The node has lost all contacts: what is due waits until one answers.\n"),
            (run.ExitCode, run.Output, run.Error));
    }

    [Theory]
    [InlineData(0, "No value was sent: there is no contact to send 40 values to.\n")]
    [InlineData(5, "No value was sent: of 40 values that were due none had to go out.\n")]
    public async Task What_was_due_and_did_not_go_out_is_told(int contacts, string told)
    {
        var looked = Node(Ended with { Republished = 0, Published = 0 }, 500, 0, 9);
        Say(Node(Former, 500, 0, 9), new DhtStatus([looked.Nodes[0] with { Contacts = contacts }]));

        var run = await _api.RunAsync("run", "republish");

        Assert.Equal((ExitCode.Done, told), (run.ExitCode, run.Output));
    }

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public async Task A_cluster_whose_edges_are_cut_off_or_that_has_none_does_not_say_that_nothing_is_due(bool hasEdge)
    {
        var looked = Edge("a", Former with { At = Noon.AddSeconds(1) }, 500, 0, 9);
        var cutOff = looked with { Counts = new Dictionary<string, long>(looked.Counts) { ["sweeps.cutOff"] = 64 } };
        DhtStatus After(int seconds) => new(hasEdge ? [cutOff with { Sweep = Former with { At = Noon.AddSeconds(seconds) } }] : []);
        Say(new DhtStatus(hasEdge ? [Edge("a", Former, 500, 0, 9)] : []), After(1), After(11), After(21));

        var run = await _api.RunAsync("run", "republish", "--json");

        Assert.Equal(ExitCode.Failed, run.ExitCode);
        Assert.Contains("\"unsent\":null,", run.Output, StringComparison.Ordinal);
        Assert.Contains("\"message\":\"No live edge has a contact that answers: what is due waits until one has.\"", run.Output, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(0, "No value was taken. 3 were refused by all their holders.\n")]
    [InlineData(37, " The most overdue was 21 min late. 3 were refused by all their holders.\n")]
    public async Task What_all_holders_refuse_is_told(int sent, string end)
    {
        var ended = Ended with { Republished = sent, Published = 0 };
        Say(Node(Former, 500, 0, 9), Counting(Node(ended, 500 + sent, 0, 12), "values.refusedByAll", 3));

        var run = await _api.RunAsync("run", "republish");

        Assert.Equal(ExitCode.Done, run.ExitCode);
        Assert.EndsWith(end, run.Output, StringComparison.Ordinal);
    }

    [Fact]
    public async Task An_edge_must_report_twice_that_nothing_waits_and_one_that_has_not_said_what_it_sends_is_named()
    {
        // Its first report was on its way when the shards began.
        var silent = Edge("b", null, 0, 0, 0);
        Say(
            new DhtStatus([Edge("a", Former, 500, 0, 9), silent]),
            new DhtStatus([Edge("a", Former, 500, 0, 9), silent]),
            new DhtStatus([Edge("a", Former with { At = Noon.AddSeconds(1) }, 500, 0, 9), silent]),
            new DhtStatus([Edge("a", Half, 519, 1, 10), silent]),
            new DhtStatus([Edge("a", Ended, 537, 2, 12), silent]));

        var run = await _api.RunAsync("run", "republish");

        Assert.StartsWith("39 values sent", run.Output, StringComparison.Ordinal);
        Assert.EndsWith(
            """
            These edges have not said yet what they send: b.
            Nothing waits at an edge that tells. What a shard gives later follows: 'kad admin status' shows it.

            """.ReplaceLineEndings("\n"),
            run.Error,
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Who_stops_watching_is_told_that_the_sweep_goes_on()
    {
        Say(Node(Former, 500, 0, 9), Node(Half, 519, 1, 10));
        using var interrupt = CancellationTokenSource.CreateLinkedTokenSource(TestContext.Current.CancellationToken);
        interrupt.CancelAfter(TimeSpan.FromMinutes(1));
        using var output = new MemoryStream();
        await using var error = new NotingWriter(line =>
        {
            if (line.StartsWith("20 of 40 values sent", StringComparison.Ordinal))
            {
                _ = interrupt.CancelAsync();
            }
        });
        using var io = new CommandIo(() => Stream.Null, output, TextWriter.Synchronized(error));

        var exitCode = await KadCommand.RunAsync(
            ["admin", "run", "republish", "--url", $"{_api.Http.BaseAddress}", "--data", _api.Folder.Path], io, interrupt.Token);

        Assert.Equal((ExitCode.Failed, "Interrupted: the sweep goes on; 'kad admin status' shows how far it is."), (exitCode, error.Lines[^1]));
        Assert.StartsWith("20 of 40 values sent", error.Lines[^2], StringComparison.Ordinal);
    }

    [Fact]
    public async Task The_status_has_a_row_for_each_sweep_and_says_unknown_where_a_release_does_not_tell()
    {
        Say(new DhtStatus([Edge("a", Half, 250, 50, 0), Edge("b", null, 0, 0, 0), Edge("c", new SweepProgress { At = Noon }, 0, 0, 0), Edge("d", Ended, 60, 40, 0)]));

        var run = await _api.RunAsync("status");

        Assert.EndsWith(
            """
            name	sent again	share	waiting	overdue	sweep begun	ended	values	republished	published	regions	lateness	left out
            a	300	75 %	20	20 min, more than 15 min	AGO		40	19	1	1 of 3	0 s	2
            b	unknown	unknown	unknown	unknown	unknown	unknown	unknown	unknown	unknown	unknown	unknown	unknown
            c	0	0 %	0	0 s	none yet		0	0	0	0 of 0	0 s	0
            d	100	25 %	0	0 s	AGO	AGO	40	37	2	3 of 3	21 min	2

            """.ReplaceLineEndings("\n"),
            Regex.Replace(run.Output, "[0-9]+ (s|min|h|days) ago", "AGO"),
            StringComparison.Ordinal);
    }

    [Fact]
    public async Task Columns_in_which_no_row_has_anything_are_left_out_of_the_status()
    {
        var quiet = Former with { Lateness = TimeSpan.Zero };
        Say(Node(quiet, 500, 0, 9));
        Assert.Equal(["sent again", "sweep begun", "ended", "values", "republished", "regions"], await HeadsAsync());

        Say(Node(new SweepProgress { At = Noon }, 0, 0, 0));
        Assert.Equal("No value was due to be sent again so far.\n", (await _api.RunAsync("status")).Error);

        async Task<string[]> HeadsAsync() => (await _api.RunAsync("status")).Output.Split('\n').Single(line => line.Contains("sent again", StringComparison.Ordinal)).Split('\t');
    }

    [Fact]
    public async Task The_first_node_of_a_network_says_so_and_how_others_join()
    {
        var first = Node(new SweepProgress { At = Noon }, 0, 0, 0).Nodes[0] with { IsFirst = true, Endpoints = [UdpEndpoint.Parse("192.0.2.1:8468")] };
        Say(new DhtStatus([first]));
        Assert.StartsWith(
            "This node is the first of its network, and alone in it now. Others join it by --bootstrap 192.0.2.1:8468.\n",
            (await _api.RunAsync("status")).Error,
            StringComparison.Ordinal);

        Say(new DhtStatus([first with { IsFirst = false, Contacts = 1 }]));
        Assert.DoesNotContain("first of its network", (await _api.RunAsync("status")).Error, StringComparison.Ordinal);
    }

    [Fact]
    public async Task Edges_say_what_waits_and_how_overdue_it_is()
    {
        _api.Admin.Edges =
        [
            new EdgeDetails("a", EdgeLeaseState.Live, [NodeId.MaxValue], [], 1, 1, Noon) { Sweep = Half, Sent = 30 },
            new EdgeDetails("d", EdgeLeaseState.Live, [NodeId.MaxValue], [], 1, 1, Noon) { Sweep = Half, Sent = 10 },
            new EdgeDetails("b", EdgeLeaseState.Live, [NodeId.MaxValue], [], 1, 1, Noon),
            new EdgeDetails("c", EdgeLeaseState.Silent, [NodeId.MaxValue], [], 1, 1, Noon),
        ];

        var rows = (await _api.RunAsync("edges")).Rows;

        Assert.Equal(
            [
                ["30", "75 %", "20", "20 min, more than 15 min"], ["10", "25 %", "20", "20 min, more than 15 min"],
                ["", "", "unknown", "unknown"], ["", "", "", ""],
            ],
            rows.Select(row => row[7..]));
        Assert.Equal(["now", "now", "now"], rows.Take(3).Select(row => row[6]));
        Assert.EndsWith(" ago", rows[3][6], StringComparison.Ordinal);
        Assert.Equal(1200, (await _api.JsonAsync("GET", "/v1/admin/edges")).GetProperty("edges")[0].GetProperty("sweep").GetProperty("overdue").GetDouble());
    }

    private static DhtStatus Node(SweepProgress sweep, long republished, long published, long regions) =>
        new([Edge(string.Empty, sweep, republished, published, regions)]);

    private static DhtStatus Counting(DhtStatus status, string counter, long count) =>
        new([status.Nodes[0] with { Counts = new Dictionary<string, long>(status.Nodes[0].Counts) { [counter] = count } }]);

    private static DhtNodeStatus Edge(string name, SweepProgress? sweep, long republished, long published, long regions) =>
        new(name, [NodeId.MaxValue], [UdpEndpoint.Parse("192.0.2.1:8468")], 5, new Dictionary<string, long>
        {
            ["values.republished"] = republished,
            ["values.published"] = published,
            ["sweeps.regions"] = regions,
            ["sweeps.surveys"] = 7,
            ["sweeps.lookups"] = 2 * regions,
        })
        {
            Sweep = sweep,
        };

    private void Say(params DhtStatus[] statuses) => Array.ForEach(statuses, _api.Dht.Statuses.Enqueue);

    /// <summary>Tells each line as it comes.</summary>
    private sealed class NotingWriter(Action<string> note) : StringWriter
    {
        public string[] Lines => ToString().TrimEnd('\n').Split('\n');

        public override void WriteLine(string? value)
        {
            base.WriteLine(value);
            note(value!);
        }
    }
}
