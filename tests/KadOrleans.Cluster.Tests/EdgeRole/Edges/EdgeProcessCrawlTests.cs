using System.Net;

namespace KadOrleans.Cluster.Tests.EdgeRole;

/// <summary>Crawls of a network over real UDP by two edges that are processes of their own.</summary>
public sealed class EdgeProcessCrawlTests : IAsyncLifetime
{
    // An edge's lease of a slice ends soon.
    private readonly LocalSilo _silo = new(new CrawlTiming
    {
        Poll = TimeSpan.FromMilliseconds(50),
        Silence = TimeSpan.FromSeconds(2),
        Lease = TimeSpan.FromSeconds(3),
        Pause = TimeSpan.FromSeconds(1),
    });

    private readonly TemporaryFolder _folder = new();
    private readonly List<KadNode> _nodes = [];
    private readonly List<EdgeServer> _edges = [];

    private IDhtAdmin Admin => _silo.Admin;

    private static CancellationToken Ending => TestContext.Current.CancellationToken;

    public async ValueTask InitializeAsync() => await _silo.StartAsync();

    public async ValueTask DisposeAsync()
    {
        await Task.WhenAll(_nodes.Select(node => node.DisposeAsync().AsTask()));
        await Task.WhenAll(_edges.Select(edge => edge.DisposeAsync().AsTask()));
        await _silo.DisposeAsync();
        _folder.Dispose();
    }

    [Fact]
    [Trait("Tier", "Long")]
    public async Task The_slice_of_an_edge_that_is_killed_is_crawled_by_the_other()
    {
        await StartNodesAsync(38);
        await StartEdgesAsync();
        var started = await Admin.StartCrawlAsync(new CrawlRequest(Rate: 250), Ending);

        // Each has one slice at a time, so the one that is killed has one.
        await Eventually.ReadAsync(() => GetAsync(started.Id), report => report is { SlicesDone: > 0, Edges: 2 });
        await _edges[0].KillAsync();

        var report = await Eventually.ReadAsync(() => GetAsync(started.Id), report => report.Phase != CrawlPhase.Running);
        Assert.Equal((CrawlPhase.Finished, report.Slices), (report.Phase, report.SlicesDone));
        Assert.Superset(_nodes.Select(node => node.Id).Append(NodeId.Parse(_edges[1].Id)).ToHashSet(), await FoundAsync(report));
    }

    [Fact]
    [Needs(Need.Kademlia)]
    public async Task A_network_of_sixty_nodes_a_third_of_them_Pythons_is_found_whole()
    {
        await StartNodesAsync(38);
        using var python = await PythonNodes.StartAsync(IPEndPoint.Parse(_nodes[0].LocalEndpoints[0].ToString()), 20, Ending);
        await StartEdgesAsync();

        var started = await Admin.StartCrawlAsync(new CrawlRequest(Rate: 400), Ending);
        var report = await Eventually.ReadAsync(() => GetAsync(started.Id), report => report.Phase != CrawlPhase.Running);

        Assert.Equal(CrawlPhase.Finished, report.Phase);
        Assert.Equal(
            _nodes.Select(node => node.Id).Concat(python.Ids).Concat(_edges.Select(edge => NodeId.Parse(edge.Id))).Order(),
            (await FoundAsync(report)).Order());
        Assert.Equal(60, report.Summary!.Nodes);
    }

    private async Task StartNodesAsync(int count)
    {
        for (var i = 0; i < count; i++)
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
            _edges.Add(new EdgeServer(_folder.Path, name, _silo.GatewaySetting, $"Kad:Edge:Bootstrap={_nodes[0].LocalEndpoints[0]}"));
        }

        await Task.WhenAll(_edges.Select(edge => edge.StartAsync()));

        // Both are in tables, theirs and others'.
        foreach (var id in _edges.Select(edge => NodeId.Parse(edge.Id)))
        {
            await Eventually.ReadAsync(
                async () => (await _nodes[0].FindNodeAsync(id)).Closest.Any(contact => contact.Id == id)
                    && (await Admin.GetTableAsync(id)).Buckets.Sum(bucket => bucket.Contacts.Count) > 3,
                isKnown => isKnown);
        }
    }

    private async Task<HashSet<NodeId>> FoundAsync(CrawlReport report) =>
        await Admin.ReadCrawlAsync(report.Id).Where(record => record.IsReachable).Select(record => record.Id!.Value).ToHashSetAsync(cancellationToken: Ending);

    private async Task<CrawlReport> GetAsync(string id) => (await Admin.GetCrawlsAsync()).Single(crawl => crawl.Id == id);
}
