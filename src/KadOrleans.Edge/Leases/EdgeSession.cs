namespace KadOrleans.Edge;

/// <summary>Uses one lease: serves its ids, renews it and hands it back.</summary>
internal sealed class EdgeSession(
    EdgeContext context, EdgeLease lease, EdgeDesk observer, IEdgeDesk reference, GrainKeyStore store, IReadOnlyList<EdgeNode> nodes)
    : IAsyncDisposable
{
    private readonly ILogger _logger = context.Environment.LoggerFactory.CreateLogger<EdgeSession>();
    private readonly CancellationTokenSource _fenced = new();
    private long _subscribedAt = context.Environment.Time.GetTimestamp();

    // A grain that moved during an outage has lost its subscribers.
    private bool _mustSubscribe;

    public EdgeLease Lease => lease;

    public IReadOnlyList<EdgeNode> Nodes => nodes;

    public int ShardBits => store.Layout.Bits;

    public int Contacts => nodes.Sum(n => n.Table.Snapshot.Count);

    public bool HasHadContacts => nodes.Any(n => n.Table.HasHadContacts);

    /// <summary>Whether the shards fail all puts.</summary>
    public bool PutsFail => store.Puts.Fails;

    public bool HasGoodContact => nodes.Any(n => n.Node.HasGoodContact);

    // Loads the tables and starts to serve the ids of a lease. LeaseLostException: another process has the ids by now.
    public static async Task<EdgeSession> OpenAsync(
        EdgeContext context,
        EdgeLease lease,
        EdgeDesk observer,
        IEdgeDesk reference,
        Func<int, IDatagramTransport> bind,
        CancellationToken cancellationToken)
    {
        var environment = context.Environment;
        var tables = lease.NodeIds
            .Select(id => new ClusterRoutingTable(
                context.Grains, id, lease.Epoch, environment.Time, environment.LoggerFactory.CreateLogger<ClusterRoutingTable>()))
            .ToList();
        await Task.WhenAll(tables.Select(t => context.CallAsync(t.SubscribeAsync(reference), cancellationToken)));
        await Task.WhenAll(tables.Select(t => ReadFormerAsync(context, t, cancellationToken)));
        var store = new GrainKeyStore(
            context.Grains,
            lease.Settings.Layout,
            environment.Time,
            environment.LoggerFactory.CreateLogger<GrainKeyStore>(),
            new GrainKeyStoreOptions
            {
                MaxStaleness = context.Options.MaxStaleness,
                MaxOutageStaleness = context.Options.MaxOutageStaleness,
                IsInSilo = context.Silo is not null,
                PauseForSilo = TimeSpan.FromMilliseconds(2),
                PauseForManyPuts = TimeSpan.FromMilliseconds(8),
            })
        {
            ClockCorrection = () => context.Clock.Correction,
            Checks = environment.CreateChecks(),
        };

        var kademlia = lease.Settings.Kademlia ?? new KademliaOptions();
        var nodes = new List<EdgeNode>();
        try
        {
            await FetchRulesAsync(context, observer, cancellationToken);
            await RefreshSiblingsAsync(context, cancellationToken);
            foreach (var (i, table) in tables.Index())
            {
                nodes.Add(new EdgeNode(context, table, bind(i), store, kademlia));
            }
        }
        catch
        {
            // It was cancelled, or a port is in use. The others are released, so that the next attempt can bind them.
            var stop = new StopSteps();
            await stop.RunAsync(() => Task.WhenAll(nodes.Select(n => n.DisposeAsync().AsTask())));
            await stop.DisposeAsync(store);
            throw;
        }

        return new EdgeSession(context, lease, observer, reference, store, nodes);
    }

    /// <summary>Serves until cancelled, fenced or forgotten.</summary>
    public async Task<SessionEnd> RunAsync(CancellationToken cancellationToken)
    {
        observer.Serve(nodes);
        foreach (var node in nodes)
        {
            node.Table.Fenced += OnFenced;
            node.Start();
        }

        using var either = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, _fenced.Token);
        using var timer = new PeriodicTimer(context.Timing.Renewal, context.Environment.Time);
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
        .. nodes.Select(n => new EdgeNodeOverview(
            n.Id.ToString(),
            [.. n.LocalEndpoints.Select(e => e.ToString())],
            n.Table.Snapshot.Count,
            n.Table.Snapshot.Version,
            n.Node.NetworkSize)),
    ];

    public IReadOnlyDictionary<string, long> Counts()
    {
        var all = nodes.SelectMany(n => n.Node.Counts.Concat(n.Table.Totals())).Concat(store.Totals());
        return new SortedDictionary<string, long>(
            all.GroupBy(count => count.Key).ToDictionary(counts => counts.Key, counts => counts.Sum(count => count.Value)), StringComparer.Ordinal);
    }

    public async Task SilenceAsync()
    {
        observer.Serve([]);
        var stop = new StopSteps();
        foreach (var node in nodes)
        {
            await stop.RunAsync(() => node.SilenceAsync().AsTask());
        }

        stop.ThrowIfFailed();
    }

    /// <summary>Has the tables saved and hands the lease back. Call it after <see cref="DisposeAsync"/>.</summary>
    public async Task HandBackAsync(CancellationToken cancellationToken)
    {
        await Task.WhenAll(nodes.Select(n => context.CallAsync(
            context.Grains.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(n.Id)).UnsubscribeAsync(lease.Epoch), cancellationToken)));
        await context.CallAsync(context.Directory.ReleaseAsync(context.Options.Name, lease.Epoch), cancellationToken);
    }

    public async ValueTask DisposeAsync()
    {
        observer.Serve([]);
        foreach (var node in nodes)
        {
            node.Table.Fenced -= OnFenced;
        }

        var stop = new StopSteps();
        await stop.RunAsync(() => Task.WhenAll(nodes.Select(n => n.DisposeAsync().AsTask())));
        await stop.DisposeAsync(store);
        stop.Run(_fenced.Dispose);
        stop.ThrowIfFailed();
    }

    /// <summary>Renews what is due. The session ends only when the cluster says that the lease is gone.</summary>
    private async Task<SessionEnd?> KeepAsync(CancellationToken cancellationToken)
    {
        try
        {
            var renewed = await context.CallAsync(
                context.Directory.RenewAsync(context.Options.Name, lease.Epoch, reference, Report()), cancellationToken);
            switch (renewed)
            {
                case LeaseRenewal.Renewed:
                    break;
                case LeaseRenewal.Ended:
                    return SessionEnd.Ended;
                case LeaseRenewal.Gone:
                    return await FindReasonAsync(cancellationToken);
            }

            // Side by side: with the renewal they take two timeouts at most, which fit into a lease.
            await Task.WhenAll(
                RenewSubscriptionsAsync(cancellationToken),
                CompareClocksAsync(cancellationToken),
                FetchRulesAsync(context, observer, cancellationToken),
                RefreshSiblingsAsync(context, cancellationToken));
            if (context.Health.Enter(EdgePhase.Serving, this))
            {
                _logger.Recovered(context.Options.Name);
            }
        }
        catch (LeaseLostException)
        {
            return SessionEnd.LeaseLost;
        }
        catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            _mustSubscribe = true;
            if (context.Health.Enter(EdgePhase.CutOff, this))
            {
                _logger.CutOff(context.Options.Name, e.Message);
            }
        }

        return null;
    }

    // Each minute they are asked for again.
    private static Task ReadFormerAsync(EdgeContext context, ClusterRoutingTable table, CancellationToken cancellationToken) => TryAsync(
        () => table.ReadFormerAsync(cancellationToken).WaitAsync(context.Timing.Call, context.Environment.Time, cancellationToken),
        problem => context.Environment.LoggerFactory.CreateLogger<EdgeSession>().TablesNotRead(context.Options.Name, problem),
        cancellationToken);

    // If it fails, the rules that the edge has stay in force.
    private static Task FetchRulesAsync(EdgeContext context, EdgeDesk observer, CancellationToken cancellationToken) => TryAsync(
        async () =>
        {
            var rules = context.Grains.GetGrain<IRulesGrain>(GrainKeys.Singleton);
            observer.Apply(await context.CallAsync(rules.FetchAsync(context.Options.Name, observer.RulesVersion), cancellationToken));
        },
        context.Environment.LoggerFactory.CreateLogger<EdgeSession>().RulesNotRead,
        cancellationToken);

    // If it fails, those that the edge knows stay its siblings.
    private static Task RefreshSiblingsAsync(EdgeContext context, CancellationToken cancellationToken) => TryAsync(
        async () =>
        {
            var live = await context.ReadEdgesAsync(cancellationToken);
            context.Siblings.Update(live.SelectMany(edge => edge.NodeIds));
        },
        context.Environment.LoggerFactory.CreateLogger<EdgeSession>().SiblingsNotRead,
        cancellationToken);

    private Task CompareClocksAsync(CancellationToken cancellationToken) => TryAsync(
        () => context.Clock.CompareAsync(context.Grains, context.Timing.Call, cancellationToken), _logger.ClockNotRead, cancellationToken);

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

    /// <summary>Renews them at their interval, and at once after an outage. A failure does not end a lease just renewed.</summary>
    private async Task RenewSubscriptionsAsync(CancellationToken cancellationToken)
    {
        var time = context.Environment.Time;
        if (!_mustSubscribe && time.GetElapsedTime(_subscribedAt) < context.Timing.Subscription)
        {
            return;
        }

        _mustSubscribe = true;
        await TryAsync(
            async () =>
            {
                await Task.WhenAll(
                    [RefreshShardsAsync(cancellationToken), .. nodes.Select(n => context.CallAsync(n.Table.SubscribeAsync(reference), cancellationToken))]);
                (_subscribedAt, _mustSubscribe) = (time.GetTimestamp(), false);
            },
            problem => _logger.TablesNotRead(context.Options.Name, problem),
            cancellationToken);
    }

    // Shards that were split answer too, so this is soon enough.
    private async Task RefreshShardsAsync(CancellationToken cancellationToken)
    {
        if (await context.CallAsync(context.Grains.GetGrain<IClusterGrain>(GrainKeys.Singleton).GetAsync(), cancellationToken) is { } settings)
        {
            await store.UseAsync(settings.Layout);
        }
    }

    private async Task<SessionEnd> FindReasonAsync(CancellationToken cancellationToken)
    {
        var live = await context.ReadEdgesAsync(cancellationToken);

        // A newer lease may be this process's own, from a retry after a timeout.
        return live.Any(e => e.Name == context.Options.Name && e.Epoch > lease.Epoch && !e.Observer.Equals(reference))
            ? SessionEnd.LeaseLost
            : SessionEnd.Forgotten;
    }

    private void OnFenced(object? sender, EventArgs e) => _fenced.Cancel();

    private EdgeReport Report() => new()
    {
        Endpoints = [.. nodes.Select(n => n.LocalEndpoints[0])],
        Contacts = Contacts,
        Counts = Counts().ToDictionary(),
        NetworkSize = nodes.Select(n => n.Node.NetworkSize?.Nodes).FirstOrDefault(size => size is not null),
        IsFirst = nodes.All(n => n.Node.IsFirst),
        Sweep = SweepProgress.Combine(nodes.Select(n => n.Node.Sweeps.Read())),
    };
}

internal enum SessionEnd
{
    Stopping,

    LeaseLost,

    /// <summary>An operator ended the lease. The ids, or others, may be leased again.</summary>
    Ended,

    /// <summary>The cluster no longer knows the lease, as after a loss of its storage, and no other process has the name. It may be leased again.</summary>
    Forgotten,
}
