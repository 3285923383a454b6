namespace KadOrleans.Cluster.Tests.EdgeRole;

public sealed class EdgeCrawlTests : DhtCrawlContract, IAsyncLifetime
{
    // Silos go on soon, and an edge's lease ends soon.
    private readonly TestCluster _cluster = new()
    {
        Crawling = new()
        {
            Poll = TimeSpan.FromMilliseconds(50),
            Silence = TimeSpan.FromSeconds(2),
            Lease = TimeSpan.FromSeconds(3),
            Delivery = TimeSpan.FromSeconds(1),
            Pause = TimeSpan.FromMilliseconds(200),
        },
    };

    private readonly List<KadNode> _nodes = [];
    private readonly List<TestEdge> _edges = [];

    private IDhtAdmin Admin => _cluster.Admin;

    public ValueTask InitializeAsync() => _cluster.InitializeAsync();

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        await Task.WhenAll(_edges.Select(edge => edge.DisposeAsync().AsTask()));
        await _cluster.DisposeAsync();
    }

    protected override async Task RunAsync(Func<IDhtAdmin, int, Task> test)
    {
        await StartAsync(nodes: 5);
        await test(Admin, _nodes.Count + _edges.Count);
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task Two_edges_find_a_network_of_sixty_though_one_leaves_and_the_grain_moves()
    {
        await StartAsync(nodes: 58);
        var started = await Admin.StartCrawlAsync(new CrawlRequest(Rate: 400), TestContext.Current.CancellationToken);
        Assert.InRange(started.Slices, 8, 16);
        await Eventually.ReadAsync(() => GetAsync(started.Id), report => report.SlicesDone > 0);
        await _cluster.Cluster.DeactivateAsync(_cluster.Client.GetGrain<ICrawlGrain>(GrainKeys.Singleton));
        await _edges[0].StopAsync();

        var report = await Eventually.ReadAsync(() => GetAsync(started.Id), report => report.Phase != CrawlPhase.Running);

        Assert.Equal(CrawlPhase.Finished, report.Phase);
        Assert.Equal(report.Slices, report.SlicesDone);
        Assert.Superset(_nodes.Select(node => node.Id).Append(_edges[1].Ids[0]).ToHashSet(), await FoundAsync(report));
    }

    [Fact]
    [Needs(Need.Kademlia)]
    public async Task A_network_of_sixty_nodes_a_third_of_them_Pythons_is_found_whole()
    {
        await StartNodesAsync(38);
        await using var python = new PythonNodes(_nodes[0].LocalEndpoints[0], 20);
        await python.JoinedAsync();
        await StartEdgesAsync();

        var report = await Admin.CrawlAsync((await Admin.StartCrawlAsync(new CrawlRequest(Rate: 400))).Id).LastAsync();

        Assert.Equal((CrawlPhase.Finished, 60), (report.Phase, report.Summary!.Nodes));
        var all = _nodes.Select(node => node.Id).Concat(python.Ids).Concat(_edges.Select(edge => edge.Ids[0])).ToHashSet();
        Assert.Equal(all, await FoundAsync(report));
    }

    private async Task StartAsync(int nodes)
    {
        await StartNodesAsync(nodes);
        await StartEdgesAsync();
    }

    private async Task StartNodesAsync(int nodes)
    {
        for (var i = 0; i < nodes; i++)
        {
            var node = await Peer.NodeAsync();
            if (_nodes.Count > 0)
            {
                await node.BootstrapAsync([_nodes[i / 2].LocalEndpoints[0].ToString()]);
            }

            _nodes.Add(node);
        }
    }

    private async Task StartEdgesAsync()
    {
        foreach (var name in new[] { "crawl-1", "crawl-2" })
        {
            _edges.Add(await TestEdge.ServeAsync(_cluster.Client, name, ("Bootstrap", _nodes[0].LocalEndpoints[0].ToString())));
        }

        // Both are in tables, theirs and others'.
        foreach (var edge in _edges)
        {
            await Eventually.ReadAsync(
                async () => (await _nodes[0].FindNodeAsync(edge.Ids[0])).Closest.Any(contact => contact.Id == edge.Ids[0])
                    && (await Admin.GetTableAsync(edge.Ids[0])).Buckets.Sum(bucket => bucket.Contacts.Count) > 3,
                isKnown => isKnown);
        }
    }

    private async Task<HashSet<NodeId>> FoundAsync(CrawlReport report) =>
        await Admin.ReadCrawlAsync(report.Id).Where(record => record.IsReachable).Select(record => record.Id!.Value).ToHashSetAsync();

    private async Task<CrawlReport> GetAsync(string id) => (await Admin.GetCrawlsAsync()).Single(crawl => crawl.Id == id);
}
