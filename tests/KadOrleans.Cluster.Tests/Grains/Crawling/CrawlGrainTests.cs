using Orleans.Runtime.Placement;

namespace KadOrleans.Cluster.Tests.Grains;

public sealed class CrawlGrainTests : IAsyncLifetime
{
    private const int Nodes = 3_000;
    private const int Rate = 100;

    private readonly SyntheticNetwork _network = new(Nodes);
    private readonly List<Func<ValueTask<LeaseRenewal>>> _renewals = [];
    private readonly ClusterFixture _cluster = new()
    {
        ClockOf = _ => TimeProvider.System,
        FindsDeadSilosSoon = true,
        Configure = options => (options.CrawlRate, options.EdgeTimeout) = (Rate, TimeSpan.FromSeconds(5)),
        AddServices = services => services.AddSingleton(new CrawlTiming
        {
            FirstPoll = TimeSpan.FromMilliseconds(5),
            Poll = TimeSpan.FromMilliseconds(5),
            Silence = TimeSpan.FromSeconds(4),
            Lease = TimeSpan.FromSeconds(4),
            Delivery = TimeSpan.FromSeconds(3),
            Pause = TimeSpan.FromMinutes(1),
        }),
    };

    private ICrawlGrain Crawls => _cluster.Client.GetGrain<ICrawlGrain>(GrainKeys.Singleton);

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public ValueTask DisposeAsync() => _cluster.DisposeAsync();

    [Fact]
    public async Task A_crawl_outlives_a_killed_edge_and_a_moved_grain_and_has_every_node()
    {
        await AddEdgeAsync("a");
        var killed = new TaskCompletionSource();
        await AddEdgeAsync("b", begun => begun < 2 ? Task.CompletedTask : killed.Task);
        var id = CrawlReportJson.Read(await Crawls.StartAsync(null, null)).Id;
        Assert.Equal(id, CrawlReportJson.Read(await Crawls.StartAsync(7, 7)).Id);
        await Eventually.ReadAsync(GetAsync, report => report.SlicesDone > 0);
        await _cluster.Cluster.DeactivateAsync(Crawls);

        var report = await Eventually.ReadAsync(GetAsync, report => report.Phase != CrawlPhase.Running);

        Assert.Equal((CrawlPhase.Finished, Nodes, Nodes), (report.Phase, report.Summary!.Nodes, report.Counts.Reachable));
        Assert.Equal((report.Slices, 0), (report.SlicesDone, report.Edges));
        Assert.Equal(2, _network.Begun["b"]);
        Assert.InRange(_network.HighestRate, 1, Rate);
        Assert.Equal(Nodes, (await ReadAsync(id)).DistinctBy(record => record.Endpoint).Count());
        killed.SetResult();
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task A_crawl_outlives_the_silo_that_leads_it()
    {
        var slow = new SemaphoreSlim(0);
        RequestContext.Set(IPlacementDirector.PlacementHintKey, _cluster.Cluster.Silos[1].SiloAddress);
        await Crawls.ListAsync();
        RequestContext.Clear();
        await AddEdgeAsync("a", _ => slow.WaitAsync(TimeSpan.FromMilliseconds(100)));
        await Crawls.StartAsync(null, null);
        var leader = await _cluster.FindSiloAsync(Crawls);
        await Eventually.ReadAsync(GetAsync, report => report.SlicesDone > 0);
        await _cluster.Cluster.KillSiloAsync(_cluster.Cluster.Silos.Single(silo => silo.SiloAddress.Equals(leader)));
        slow.Release(1_000);

        // The directory may have died too: edges renew.
        var report = await Eventually.ReadAsync(
            async () =>
            {
                try
                {
                    return await GetAsync();
                }
                catch (Exception e) when (GrainCalls.IsTransient(e))
                {
                    return null!;
                }
            },
            report => report is not null && report.Phase != CrawlPhase.Running);

        Assert.Equal((CrawlPhase.Finished, Nodes), (report.Phase, report.Summary!.Nodes));
        Assert.InRange(_network.HighestRate, 1, Rate);
    }

    [Fact]
    public async Task A_first_crawl_has_as_many_slices_as_the_network_s_size_asks_for()
    {
        const double size = 10_000_000;
        await AddEdgeAsync("a", networkSize: size);

        var report = CrawlReportJson.Read(await Crawls.StartAsync(null, null));

        Assert.Equal(1 << CrawlSlices.DepthFor(size, edges: 1), report.Slices);
        Assert.NotEqual(1 << CrawlSlices.DepthFor(null, edges: 1), report.Slices);
        Assert.True(await Crawls.StopAsync(report.Id));
    }

    [Fact]
    public async Task The_last_ten_crawls_are_kept_over_a_restart_and_compared()
    {
        await AddEdgeAsync("a");
        var ids = new List<string>();
        for (var i = 0; i < CrawlReport.MaxKept + 1; i++)
        {
            ids.Add(CrawlReportJson.Read(await Crawls.StartAsync(10_000, null)).Id);
            await Eventually.ReadAsync(GetAsync, report => report.Id == ids[^1] && report.Phase == CrawlPhase.Finished);
        }

        await _cluster.Cluster.DeactivateAsync(Crawls);
        var kept = (await Crawls.ListAsync()).Select(CrawlReportJson.Read).ToList();

        // One more is kept until the next one begins.
        Assert.Equal(ids.AsEnumerable().Reverse(), kept.Select(report => report.Id));
        Assert.Equal((ids[^2], Nodes), (kept[0].Change!.Before, kept[0].Change!.Stayed));
        var next = CrawlReportJson.Read(await Crawls.StartAsync(null, null)).Id;
        Assert.Equal([next, .. ids.AsEnumerable().Reverse().Take(CrawlReport.MaxKept)], (await Crawls.ListAsync()).Select(report => CrawlReportJson.Read(report).Id));
        Assert.True(await Crawls.StopAsync(next));
        await Eventually.ReadAsync(GetAsync, report => report.Phase == CrawlPhase.Stopped);
        Assert.False(await Crawls.StopAsync(next));
        Assert.Empty(await ReadAsync(ids[0]));
        Assert.Equal(Nodes, (await ReadAsync(ids[1])).Count);
    }

    [Fact]
    public async Task Edges_that_find_nobody_are_asked_again_and_then_the_crawl_fails()
    {
        var edge = await AddEdgeAsync("of an earlier release");
        edge.OnCrawl = order => Task.FromResult(CrawlSliceProgress.Of(0, 1, default));
        await Crawls.StartAsync(null, null);

        var report = await Eventually.ReadAsync(GetAsync, report => report.Phase != CrawlPhase.Running);

        Assert.Equal((CrawlPhase.Failed, "No node answered."), (report.Phase, report.Problem));
        Assert.Equal(report.Slices * CrawlPlan.MaxTries, report.Datagrams);
    }

    [Fact]
    public async Task A_reminder_starts_a_crawl_which_waits_for_an_edge()
    {
        await Crawls.ScheduleAsync();
        var reminders = _cluster.Service<IReminderTable>();
        var row = Assert.Single((await reminders.ReadRows(Crawls.GetGrainId())).Reminders);
        Assert.Equal(($"{CrawlGrain.Periodic}1.00:00:00", TimeSpan.FromDays(1)), (row.ReminderName, row.Period));

        await Crawls.AsReference<IRemindable>().ReceiveReminder(row.ReminderName, new TickStatus(DateTime.UtcNow, row.Period, DateTime.UtcNow));

        var report = await Eventually.ReadAsync(GetAsync, report => report.Problem is not null);
        Assert.Equal((CrawlPhase.Running, Rate, "No edge is live; the crawl waits for one."), (report.Phase, report.Rate, report.Problem));
        await AddEdgeAsync("a");
        await Eventually.ReadAsync(GetAsync, report => report.Phase == CrawlPhase.Finished);
    }

    [Fact]
    public async Task Slices_that_end_soon_do_not_wait_for_the_longest_pause()
    {
        const int nodes = 2;
        await using var cluster = new ClusterFixture
        {
            ClockOf = _ => TimeProvider.System,

            // So long that the crawl would never end.
            AddServices = services => services.AddSingleton(
                new CrawlTiming { Poll = TimeSpan.FromHours(1), Silence = TimeSpan.FromHours(2), Lease = TimeSpan.FromHours(2) }),
        };
        await cluster.InitializeAsync();
        await cluster.Directory.LeaseAsync("a", 1, cluster.Reference(new SyntheticNetwork(nodes).CreateEdge("a")));
        var crawls = cluster.Client.GetGrain<ICrawlGrain>(GrainKeys.Singleton);

        await crawls.StartAsync(null, null);
        var report = await Eventually.ReadAsync(
            async () => CrawlReportJson.Read((await crawls.ListAsync())[0]), report => report.Phase != CrawlPhase.Running);

        Assert.Equal((CrawlPhase.Finished, nodes), (report.Phase, report.Counts.Reachable));
        Assert.Equal(report.Slices, report.SlicesDone);
    }

    private async Task<TestEdge> AddEdgeAsync(string name, Func<int, Task>? before = null, double networkSize = Nodes)
    {
        var edge = _network.CreateEdge(name, before);
        var reference = _cluster.Reference(edge);
        var lease = await _cluster.Directory.LeaseAsync(name, 1, reference);
        _renewals.Add(() => _cluster.Directory.RenewAsync(name, lease.Epoch, reference, new EdgeReport { NetworkSize = networkSize }));
        await RenewAsync();
        return edge;
    }

    private async Task RenewAsync()
    {
        foreach (var renew in _renewals)
        {
            await renew();
        }
    }

    /// <summary>The newest crawl. The edges renew meanwhile, or the directory would forget them after 30 s.</summary>
    private async Task<CrawlReport> GetAsync()
    {
        await RenewAsync();
        return CrawlReportJson.Read((await Crawls.ListAsync())[0]);
    }

    private async Task<List<CrawlRecord>> ReadAsync(string id)
    {
        var records = new List<CrawlRecord>();
        for (int? position = 0; position is { } next;)
        {
            var part = await Crawls.ReadAsync(id, next);
            records.AddRange(part.Page is { } page ? CrawlPage.Decode(page) : []);
            position = part.Next;
        }

        return records;
    }
}
