namespace KadOrleans.Tests.Lab;

public sealed class NetworkSimulationTests
{
    private static readonly SimulationSettings Small = new() { Nodes = 60, Lookups = 60, Seed = 5 };

    // For those that run for a while, in which nodes walk every few minutes.
    private static readonly SimulationSettings Few = Small with
    {
        Nodes = 25,
        Lookups = 25,
        RandomWalk = new RandomWalkOptions { Count = 1 },
    };

    [Fact]
    public void Without_faults_every_lookup_finds_the_nearest_node()
    {
        var report = Run(Small);
        Assert.Equal(60, report.Lookups);
        Assert.Equal(1, report.Success);
        Assert.InRange(report.Exact, 0.9, 1);
        Assert.InRange(report.Hops.Mean, 1, 3);
        Assert.InRange(report.Requests.Mean, 19, 40);
        Assert.Equal(60, report.Tables.Sampled);
        Assert.Equal(60, report.Size!.Lookups);
        Assert.InRange(report.Size.Nodes, 60 - (3 * report.Size.StandardError), 60 + (3 * report.Size.StandardError));
    }

    [Fact]
    public void Tables_that_begin_full_give_exact_lookups()
    {
        var report = Run(new SimulationSettings { Nodes = SimulationSettings.AlwaysJoin + 1, Lookups = 30 });
        Assert.Equal((1, 1), (report.Success, report.Exact));
        Assert.Equal(1, report.Tables.ByDepth.Single(depth => depth.Depth == 5).FullShare);
    }

    [Theory]
    [InlineData(1)]
    [InlineData(2)]
    [InlineData(3)]
    public void Networks_of_few_nodes_find_all_there_is(int nodes)
    {
        var report = Run(Small with { Nodes = nodes, Lookups = 10, Values = 3 });
        Assert.Equal((10, 1, 1), (report.Lookups, report.Success, report.Exact));
        Assert.Equal((3, 3, 0), (report.Values.Set, report.Values.Looks, report.Values.Lost));
        Assert.Equal(nodes > 1 ? nodes - 1 : null, report.Size?.Nodes);
        Assert.Equal(nodes - 1, report.Tables.Contacts.Max);
    }

    [Fact]
    public void Lost_datagrams_and_a_slower_network_cost_time()
    {
        var slow = new NetworkConditions { MinDelay = TimeSpan.FromMilliseconds(300), MaxDelay = TimeSpan.FromMilliseconds(400) };
        var fine = Run(Small).Seconds;
        Assert.True(Run(Small with { Network = new NetworkConditions { Loss = 0.2 } }).Seconds.Mean > 1.2 * fine.Mean);
        Assert.True(Run(Small with { Network = slow }).Seconds.P50 > 3 * fine.P50);
    }

    [Fact]
    public void Silent_nodes_and_liars_are_counted_out_and_lookups_go_round_them()
    {
        var (fine, dead, liars) = (Run(Small), Run(Small with { Dead = 0.25 }), Run(Small with { Liars = 0.1 }));
        Assert.Equal((45, 54), (dead.LiveNodes, liars.LiveNodes));
        Assert.InRange(dead.Success, 0.99, 1);
        Assert.True(dead.Seconds.P99 > fine.Seconds.P99);
        Assert.True(liars.Requests.Mean > fine.Requests.Mean);
    }

    [Fact]
    public void Churn_replaces_nodes_while_the_network_maintains_itself()
    {
        var hour = Few with { Duration = TimeSpan.FromHours(1) };
        var calm = Run(hour);
        var churned = Run(hour with { Churn = 0.5 });
        Assert.Equal((25, 25), (calm.LiveNodes, churned.LiveNodes));
        Assert.Equal(25, calm.Lookups);
        Assert.Equal(1, calm.Success);
        Assert.InRange(churned.Success, 0.95, 1);
        Assert.True(churned.Traffic[RequestKind.Ping].Requests > calm.Traffic[RequestKind.Ping].Requests);
        Assert.InRange(churned.Simulated, TimeSpan.FromMinutes(60), TimeSpan.FromMinutes(61));
    }

    [Fact]
    public void Nodes_walk_and_refresh_by_themselves_and_say_little_without_both()
    {
        var walking = Few with { Lookups = 0, Duration = TimeSpan.FromHours(1) };
        var refreshing = walking with { Duration = TimeSpan.FromHours(3), RandomWalk = new() { AutoRefresh = false } };
        var quiet = refreshing with
        {
            Duration = TimeSpan.FromHours(1),
            Kademlia = new KademliaOptions { BucketRefreshInterval = TimeSpan.FromHours(2) },
        };
        Assert.All([walking, refreshing], busy => Assert.True(Run(busy).Traffic[RequestKind.FindNode].Requests > 25));
        Assert.Equal(0, Run(quiet).Traffic[RequestKind.FindNode].Requests);
    }

    [Fact]
    public void Values_are_found_again()
    {
        var report = Run(Small with { Values = 20 });
        Assert.Equal((20, 20, 0), (report.Values.Set, report.Values.Looks, report.Values.Lost));
        Assert.InRange(report.Values.FewestHolders, 19, 20);
        Assert.True(report.Traffic[RequestKind.Store].Requests >= 20 * 19);
        Assert.True(report.Traffic[RequestKind.FindValue].Requests > 0);
        Assert.Equal(report.TotalTraffic.Datagrams, report.Traffic.Values.Sum(t => t.Requests + t.Answers));
        Assert.Equal(report.TotalTraffic.Bytes / 60.0 / report.Simulated.TotalHours, report.PerNodeAndHour(report.TotalTraffic.Bytes), 6);
    }

    [Fact]
    public void A_cancelled_simulation_ends()
    {
        using var cancelled = new CancellationTokenSource();
        var last = 0L;
        Assert.Throws<OperationCanceledException>(() => new NetworkSimulation(Small, CancelAt30).Run(cancelled.Token));
        Assert.Equal(30, last);

        void CancelAt30(SimulationProgress now)
        {
            last = now.Done;
            if (last == 30)
            {
                cancelled.Cancel();
            }
        }
    }

    private static SimulationReport Run(SimulationSettings settings) => new NetworkSimulation(settings).Run();
}

public sealed class DistributionTests
{
    [Theory]
    [InlineData(100, 50.5, 50, 99)]
    [InlineData(1, 1, 1, 1)]
    [InlineData(0, 0, 0, 0)]
    public void Percentiles_are_the_least_numbers_that_so_many_do_not_exceed(int count, double mean, double median, double p99) =>
        Assert.Equal(new(mean, median, p99, count), Distribution.Of(Enumerable.Range(1, count).Select(i => (double)i)));
}
