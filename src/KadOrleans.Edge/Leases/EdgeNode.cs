namespace KadOrleans.Edge;

/// <summary>One node id of an edge: the engine on the cluster's table and keys, with its loops for joining and maintenance.</summary>
internal sealed class EdgeNode : IAsyncDisposable
{
    private static readonly TimeSpan LongestJoinPause = TimeSpan.FromMinutes(1);

    private readonly EdgeContext _context;
    private readonly IDatagramTransport _transport;
    private readonly MaintenanceRunner _maintenance;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _stopping = new();
    private Task _loops = Task.CompletedTask;

    /// <summary>Builds a node on a table that is subscribed, and disposes its transport. It receives nothing before <see cref="Start"/>.</summary>
    public EdgeNode(
        EdgeContext context, ClusterRoutingTable table, IDatagramTransport transport, GrainKeyStore store, KademliaOptions kademlia)
    {
        (_context, _transport, Table) = (context, transport, table);
        _logger = context.Environment.LoggerFactory.CreateLogger<EdgeNode>();
        var keys = store.ForNode();
        var options = context.Options.ToNodeOptions(kademlia);
        var publications = new MarkedPublicationStore(
            store.ForNode(), store.UnpublishAsync, options.Kademlia.ValueTimeToLive, context.Environment.Time);
        HashSet<ushort> ports = [.. context.Options.Endpoints.Select(endpoint => endpoint.Port)];
        Node = new DhtNode(
            options, transport, table, keys, context.Environment, writes: context.Writes, siblingPorts: ports, siblings: context.Siblings);
        Schedule = new ClusterMaintenanceSchedule(Id);
        Crawler = new SliceCrawler(Node, context.Environment);

        _maintenance = new MaintenanceRunner(Node, keys, publications, Schedule, JoinOnceAsync, context.Environment)
        {
            RepairPeriod = context.Timing.Repair,
        };
    }

    public NodeId Id => Node.Id;

    public DhtNode Node { get; }

    public ClusterRoutingTable Table { get; }

    public ClusterMaintenanceSchedule Schedule { get; }

    public SliceCrawler Crawler { get; }

    public IReadOnlyList<UdpEndpoint> LocalEndpoints => _transport.LocalEndpoints;

    public void Start()
    {
        Node.Start();
        _loops = Task.WhenAll(
            RunAsync(nameof(Table), Table.RunAsync),
            RunAsync(nameof(JoinAsync), JoinAsync),
            RunAsync(nameof(MaintenanceRunner), _maintenance.RunAsync));
    }

    /// <summary>Closes the socket at once. Pending requests get no response.</summary>
    public ValueTask SilenceAsync()
    {
        // A crawl without a socket would find nobody.
        Crawler.Dispose();
        return _transport.DisposeAsync();
    }

    public async ValueTask DisposeAsync()
    {
        if (_stopping.IsCancellationRequested)
        {
            return;
        }

        var stop = new StopSteps();
        stop.Run(Crawler.Dispose);
        await stop.RunAsync(_stopping.CancelAsync);
        await stop.RunAsync(() => _loops);
        await stop.DisposeAsync(Node);
        stop.Run(_stopping.Dispose);
        stop.ThrowIfFailed();
    }

    private async Task RunAsync(string name, Func<CancellationToken, Task> loop)
    {
        try
        {
            await loop(_stopping.Token);
        }
        catch (OperationCanceledException) when (_stopping.IsCancellationRequested)
        {
            // The node stops.
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _logger.LoopFailed(name, Id, e);
            _context.Health.LoopEnded($"{name} of {Id}");
        }
    }

    /// <summary>Joins, and again while the table is empty, as after the death of a silo that had not saved it.</summary>
    private async Task JoinAsync(CancellationToken cancellationToken)
    {
        BackOff? pauses = null;
        await JoinOnceAsync(cancellationToken);
        while (_context.Options.Bootstrap.Count > 0)
        {
            var wasEmpty = Table.Snapshot.Count == 0;
            pauses = wasEmpty ? pauses ?? new BackOff(_context.Timing.FirstJoinPause, LongestJoinPause) : null;
            await Task.Delay(pauses?.Next() ?? LongestJoinPause, _context.Environment.Time, cancellationToken);
            if (wasEmpty && Table.Snapshot.Count == 0)
            {
                await JoinOnceAsync(cancellationToken);
            }
        }
    }

    // Queries the bootstrap nodes and looks up the node's own id. Without bootstrap nodes the lookup starts from the table, so
    // its contacts learn an address that changed. Then refreshes the farther buckets (Kademlia §2.3).
    private async Task JoinOnceAsync(CancellationToken cancellationToken)
    {
        var nodes = _context.Options.Bootstrap;
        var joined = nodes.Count == 0 ? 0 : (await Node.BootstrapAsync(nodes, cancellationToken)).Joined;
        if (joined == 0 && Table.Snapshot.Count > 0)
        {
            await Node.FindNodeAsync(Id, cancellationToken);
        }

        await _maintenance.RefreshAfterJoinAsync(cancellationToken);
    }
}
