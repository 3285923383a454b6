namespace KadOrleans.Server;

/// <summary>The use of one lease: its ids served, its renewals, its end.</summary>
internal sealed class EdgeSession : IAsyncDisposable
{
    private readonly EdgeContext _context;
    private readonly EdgeObserver _observer;
    private readonly IEdgeObserver _reference;
    private readonly GrainKeyStore _store;
    private readonly ILogger _logger;
    private readonly CancellationTokenSource _fenced = new();
    private long _subscribedAt;

    // A grain that moved during an outage has lost its subscribers.
    private bool _mustSubscribe;

    private EdgeSession(
        EdgeContext context, EdgeLease lease, EdgeObserver observer, IEdgeObserver reference, GrainKeyStore store, IReadOnlyList<EdgeNode> nodes)
    {
        (_context, Lease, _observer, _reference, _store, Nodes) = (context, lease, observer, reference, store, nodes);
        _logger = context.Environment.LoggerFactory.CreateLogger<EdgeSession>();
        _subscribedAt = context.Environment.Time.GetTimestamp();
    }

    public EdgeLease Lease { get; }

    public IReadOnlyList<EdgeNode> Nodes { get; }

    public int ShardBits => _store.Layout.Bits;

    public int Contacts => Nodes.Sum(n => n.Table.Snapshot.Count);

    public bool HasGoodContact => Nodes.Any(n => n.Node.HasGoodContact);

    /// <summary>Loads the tables and starts to serve the ids of a lease.</summary>
    /// <exception cref="LeaseLostException">Another process has the ids by now.</exception>
    public static async Task<EdgeSession> OpenAsync(
        EdgeContext context,
        EdgeLease lease,
        EdgeObserver observer,
        IEdgeObserver reference,
        Func<int, IDatagramTransport> bind,
        CancellationToken cancellationToken)
    {
        var environment = context.Environment;
        var tables = lease.NodeIds
            .Select(id => new ClusterRoutingTable(
                context.Grains, id, lease.Epoch, environment.Time, environment.LoggerFactory.CreateLogger<ClusterRoutingTable>()))
            .ToList();
        await Task.WhenAll(tables.Select(t => context.CallAsync(t.SubscribeAsync(reference), cancellationToken)));
        var store = new GrainKeyStore(
            context.Grains,
            lease.Settings.Layout,
            environment.Time,
            environment.LoggerFactory.CreateLogger<GrainKeyStore>(),
            new GrainKeyStoreOptions
            {
                MaxStaleness = context.Options.MaxStaleness,
                MaxOutageStaleness = context.Options.MaxOutageStaleness,
                IsInSilo = context.IsInSilo,
                PauseForSilo = TimeSpan.FromMilliseconds(2),
            })
        {
            ClockCorrection = () => context.Clock.Correction,
        };

        await FetchRulesAsync(context, observer, cancellationToken);

        // Missing if the directory is of a release whose edges use the defaults.
        var kademlia = lease.Settings.Kademlia ?? new KademliaOptions();
        var nodes = new List<EdgeNode>();
        try
        {
            foreach (var (i, table) in tables.Index())
            {
                nodes.Add(new EdgeNode(context, table, bind(i), store, kademlia));
            }
        }
        catch
        {
            // A port is in use. The others are released, so that the next attempt can bind them.
            await Task.WhenAll(nodes.Select(n => n.DisposeAsync().AsTask()));
            await store.DisposeAsync();
            throw;
        }

        return new EdgeSession(context, lease, observer, reference, store, nodes);
    }

    /// <summary>Serves until cancelled, fenced or forgotten.</summary>
    public async Task<SessionEnd> RunAsync(CancellationToken cancellationToken)
    {
        _observer.Serve(Nodes);
        foreach (var node in Nodes)
        {
            node.Table.Fenced += OnFenced;
            node.Start();
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _fenced.Token);
        using var timer = new PeriodicTimer(_context.Timing.Renewal, _context.Environment.Time);
        try
        {
            do
            {
                if (await KeepAsync(either.Token) is { } end)
                {
                    return end;
                }
            }
            while (await timer.WaitForNextTickAsync(either.Token));
        }
        catch (OperationCanceledException) when (either.IsCancellationRequested)
        {
            // Fenced, or the process stops.
        }

        return _fenced.IsCancellationRequested ? SessionEnd.LeaseLost : SessionEnd.Stopping;
    }

    public IReadOnlyList<EdgeNodeOverview> DescribeNodes() =>
    [
        .. Nodes.Select(n => new EdgeNodeOverview(
            n.Id.ToString(),
            [.. n.LocalEndpoints.Select(e => e.ToString())],
            n.Table.Snapshot.Count,
            n.Table.Snapshot.Version,
            n.Node.NetworkSize)),
    ];

    public IReadOnlyDictionary<string, long> Counts()
    {
        var all = Nodes.SelectMany(n => n.Node.Counts.Concat(n.Table.Totals())).Concat(_store.Totals());
        return new SortedDictionary<string, long>(
            all.GroupBy(count => count.Key).ToDictionary(counts => counts.Key, counts => counts.Sum(count => count.Value)), StringComparer.Ordinal);
    }

    public async Task SilenceAsync()
    {
        _observer.Serve([]);
        foreach (var node in Nodes)
        {
            await node.SilenceAsync();
        }
    }

    /// <summary>Has the tables saved and hands the lease back. Call it after <see cref="DisposeAsync"/>.</summary>
    public async Task HandBackAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(Nodes.Select(n => _context.CallAsync(
            _context.Grains.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(n.Id)).UnsubscribeAsync(Lease.Epoch), cancellationToken)));
        await _context.CallAsync(_context.Directory.ReleaseAsync(_context.Options.Name, Lease.Epoch), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        _observer.Serve([]);
        foreach (var node in Nodes)
        {
            node.Table.Fenced -= OnFenced;
        }

        await Task.WhenAll(Nodes.Select(n => n.DisposeAsync().AsTask()));
        await _store.DisposeAsync();
        _fenced.Dispose();
    }

    /// <summary>
    /// Renews what is due. Failures of the cluster are noted. The session ends only when the cluster says that the lease is gone.
    /// </summary>
    private async Task<SessionEnd?> KeepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var renewed = await _context.CallAsync(
                _context.Directory.RenewAsync(_context.Options.Name, Lease.Epoch, _reference, Report()), cancellationToken);
            if (!renewed)
            {
                return await FindReasonAsync(cancellationToken);
            }

            // Side by side: with the renewal they take two timeouts at most, which fit into a lease.
            await Task.WhenAll(
                RenewSubscriptionsAsync(cancellationToken),
                CompareClocksAsync(cancellationToken),
                FetchRulesAsync(_context, _observer, cancellationToken));
            if (_context.Health.Enter(EdgePhase.Serving, this))
            {
                _logger.Recovered(_context.Options.Name);
            }
        }
        catch (LeaseLostException)
        {
            return SessionEnd.LeaseLost;
        }
        catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            _mustSubscribe = true;
            if (_context.Health.Enter(EdgePhase.CutOff, this))
            {
                _logger.CutOff(_context.Options.Name, e.Message);
            }
        }

        return null;
    }

    // If it fails the rules that it has stay in force. Silos of earlier releases have none.
    private static Task FetchRulesAsync(EdgeContext context, EdgeObserver observer, CancellationToken cancellationToken) => TryAsync(
        async () =>
        {
            var rules = context.Grains.GetGrain<IRulesGrain>(GrainKeys.Singleton);
            observer.Follow(await context.CallAsync(rules.FetchAsync(context.Options.Name, observer.RulesVersion), cancellationToken));
        },
        context.Environment.LoggerFactory.CreateLogger<EdgeSession>().RulesNotRead,
        cancellationToken);

    private Task CompareClocksAsync(CancellationToken cancellationToken) => TryAsync(
        () => _context.Clock.CompareAsync(_context.Grains, _context.Timing.Call, cancellationToken), _logger.ClockNotRead, cancellationToken);

    /// <summary>Does what may fail without cutting the edge off.</summary>
    private static async Task TryAsync(Func<Task> work, Action<string> logFailure, CancellationToken cancellationToken)
    {
        try
        {
            await work();
        }
        catch (Exception e) when (e is not (LeaseLostException or OutOfMemoryException) && !cancellationToken.IsCancellationRequested)
        {
            logFailure(e.Message);
        }
    }

    /// <summary>
    /// With the number of shards. At their interval, and at once after an outage or a failure. The renewal succeeded, so a failure does not
    /// cut the edge off: it serves from the tables that it has.
    /// </summary>
    private async Task RenewSubscriptionsAsync(CancellationToken cancellationToken)
    {
        var time = _context.Environment.Time;
        if (!_mustSubscribe && time.GetElapsedTime(_subscribedAt) < _context.Timing.Subscription)
        {
            return;
        }

        _mustSubscribe = true;
        await TryAsync(
            async () =>
            {
                await Task.WhenAll(
                    [FollowShardsAsync(cancellationToken), .. Nodes.Select(n => _context.CallAsync(n.Table.SubscribeAsync(_reference), cancellationToken))]);
                (_subscribedAt, _mustSubscribe) = (time.GetTimestamp(), false);
            },
            problem => _logger.TablesNotRead(_context.Options.Name, problem),
            cancellationToken);
    }

    // Shards that were split answer too, so this is soon enough.
    private async Task FollowShardsAsync(CancellationToken cancellationToken)
    {
        if (await _context.CallAsync(_context.Grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).GetAsync(), cancellationToken) is { } settings)
        {
            await _store.UseAsync(settings.Layout);
        }
    }

    private async Task<SessionEnd> FindReasonAsync(CancellationToken cancellationToken)
    {
        var live = await _context.CallAsync(_context.Directory.GetLiveAsync(), cancellationToken);

        // A newer lease may be this process's own, from a retry after a timeout.
        return live.Any(e => e.Name == _context.Options.Name && e.Epoch > Lease.Epoch && !e.Observer.Equals(_reference))
            ? SessionEnd.LeaseLost
            : SessionEnd.Forgotten;
    }

    private void OnFenced(object? sender, EventArgs e) => _fenced.Cancel();

    private EdgeReport Report() => new()
    {
        Endpoints = [.. Nodes.Select(n => n.LocalEndpoints[0])],
        Contacts = Contacts,
        Counts = Counts().ToDictionary(),
        NetworkSize = Nodes.Select(n => n.Node.NetworkSize?.Nodes).FirstOrDefault(size => size is not null),
    };
}

/// <summary>Why an edge's use of a lease ended.</summary>
internal enum SessionEnd
{
    Stopping,

    LeaseLost,

    /// <summary>The cluster knows no holder of the name: its storage was emptied. The ids may be leased again.</summary>
    Forgotten,
}
