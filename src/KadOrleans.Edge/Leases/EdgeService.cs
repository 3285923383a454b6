using System.Diagnostics;

namespace KadOrleans.Edge;

// Runs an edge for the life of its host. It may start before any silo, and serves on while all silos are down. When another process
// takes its name it stops serving for good.
internal sealed class EdgeService(
    EdgeContext context, IHostApplicationLifetime lifetime, Func<UdpEndpoint, IDatagramTransport> transports, Action<string> announce)
    : BackgroundService, IHostedLifecycleService
{
    /// <summary>The timeout of handing the lease back. After it a successor may have to wait for the end of the lease.</summary>
    private static readonly TimeSpan HandBackLimit = TimeSpan.FromSeconds(3);

    private readonly ILogger _logger = context.Environment.LoggerFactory.CreateLogger<EdgeService>();

    // Orleans holds only a weak reference to it: this field keeps it alive.
    private readonly EdgeDesk _observer = new();
    private readonly UdpEndpoint[] _listen = [.. context.Options.Endpoints];
    private readonly IDatagramTransport?[] _bound = new IDatagramTransport?[context.Options.Endpoints.Count];

    private readonly TaskCompletionSource _begun = new(TaskCreationOptions.RunContinuationsAsynchronously);

    private string Name => context.Options.Name;

    /// <summary>Binds the ports first, so that a port in use ends start-up at once, and not after silos were found.</summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        EdgeMetrics.Begin();
        try
        {
            for (var i = 0; i < _listen.Length; i++)
            {
                _bound[i] = transports(_listen[i]);

                // A port that the system chose stays the same for the life of the process.
                _listen[i] = _bound[i]!.LocalEndpoints[0];
            }
        }
        catch
        {
            await UnbindAsync();
            throw;
        }
    }

    public Task StartedAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    /// <summary>Ends the edge before any other service stops, as handing its lease back needs the silo or the client, whichever was added first.</summary>
    public async Task StoppingAsync(CancellationToken cancellationToken)
    {
        // One that is cancelled before it begins counts as failed, as its host has not said yet that it stops.
        await Task.WhenAny(_begun.Task, ExecuteTask ?? Task.CompletedTask);
        await StopAsync(cancellationToken);
    }

    public async Task StoppedAsync(CancellationToken cancellationToken) => await UnbindAsync();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        _begun.SetResult();
        try
        {
            await RunAsync(stoppingToken).UntilStoppedAsync(stoppingToken);
        }
        finally
        {
            await UnbindAsync();
            if (stoppingToken.IsCancellationRequested && context.Health.State != EdgePhase.LeaseLost)
            {
                context.Health.Enter(EdgePhase.Stopped, null);
            }
        }
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        // Before the silo or the client of this process is up, grain calls fail or are lost.
        await lifetime.ApplicationStarted.UntilCancelledAsync().WaitAsync(cancellationToken);
        await ServeAsync(cancellationToken);
    }

    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        // One reference for all sessions, so that the directory recognises this edge's own name.
        var reference = context.Grains.CreateObjectReference<IEdgeDesk>(_observer);
        try
        {
            while (await ServeAsync(reference, cancellationToken) is SessionEnd.Forgotten or SessionEnd.Ended)
            {
                context.Health.Enter(EdgePhase.Waiting, null);
            }
        }
        finally
        {
            context.Grains.DeleteObjectReference<IEdgeDesk>(reference);
        }
    }

    private async Task<SessionEnd> ServeAsync(IEdgeDesk reference, CancellationToken cancellationToken)
    {
        var session = await OpenAsync(reference, cancellationToken);
        var end = session is null ? SessionEnd.LeaseLost : await RunAsync(session, cancellationToken);
        switch (end)
        {
            case SessionEnd.LeaseLost:
                _logger.LeaseLost(Name);
                context.Health.Enter(EdgePhase.LeaseLost, session);
                break;
            case SessionEnd.Ended:
                _logger.LeaseEnded(Name);
                break;
            case SessionEnd.Forgotten:
                _logger.LeaseForgotten(Name);
                break;
            case SessionEnd.Stopping:
                break;
        }

        return end;
    }

    // Tries until the ids are leased. It never takes the name of another live edge: two processes would take it from each other
    // for ever. Nor of one that may only be cut off. Returns null if another process took the lease before it began.
    private async Task<EdgeSession?> OpenAsync(IEdgeDesk reference, CancellationToken cancellationToken)
    {
        var told = new HashSet<NameUse?>();
        var pauses = new BackOff(TimeSpan.FromMilliseconds(250), context.Timing.LongestPause);
        while (true)
        {
            try
            {
                switch (await context.CallAsync(context.Directory.AskForNameAsync(Name, reference), cancellationToken))
                {
                    case NameUse.Free:
                        return await LeaseAsync(reference, cancellationToken);
                    case NameUse.Held:
                        WaitFor($"another live edge uses the name {Name}", NameUse.Held, () => _logger.NameInUse(Name));
                        break;
                    case NameUse.Unclear:
                        WaitFor(
                            $"another edge may use the name {Name}: this one waits for its response or the end of its lease",
                            NameUse.Unclear,
                            () => _logger.NameUnclear(Name, IEdgeDirectoryGrain.LeaseDuration.TotalSeconds));
                        break;
                    case var use:
                        throw new UnreachableException($"The use of the name is {use}.");
                }
            }
            catch (LeaseLostException)
            {
                return null;
            }
            catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
            {
                WaitFor(
                    e is EdgeDrainedException ? $"it is drained: 'kad admin edges resume {Name}' ends that" : "the cluster gives no lease",
                    null,
                    () => _logger.WaitingForCluster(Name, e.Message));
            }

            await Task.Delay(pauses.Next(), context.Environment.Time, cancellationToken);
        }

        // Each reason is logged once.
        void WaitFor(string what, NameUse? reason, Action log)
        {
            context.Health.WaitFor(what);
            if (told.Add(reason))
            {
                log();
            }
        }
    }

    private async Task<EdgeSession> LeaseAsync(IEdgeDesk reference, CancellationToken cancellationToken)
    {
        var lease = await context.CallAsync(context.Directory.LeaseAsync(Name, context.Options.Endpoints.Count, reference), cancellationToken);
        var session = await EdgeSession.OpenAsync(context, lease, _observer, reference, TakeTransport, cancellationToken);
        _logger.Leased(Name, lease.NodeIds.Count, lease.Epoch);
        return session;
    }

    private async Task<SessionEnd> RunAsync(EdgeSession session, CancellationToken cancellationToken)
    {
        context.Health.Enter(EdgePhase.Serving, session);
        foreach (var (node, endpoint) in session.Nodes.SelectMany(node => node.LocalEndpoints, (node, endpoint) => (node, endpoint)))
        {
            _logger.Listening(endpoint, node.Id, Name);
            announce($"listening udp {endpoint} id {node.Id} edge {Name}");
        }

        var leases = session.Lease.NodeIds.Count;
        EdgeMetrics.LeasesHeld.Add(leases);
        try
        {
            var end = await session.RunAsync(cancellationToken);
            EdgeMetrics.LeasesLost.Add(end is SessionEnd.Stopping or SessionEnd.Ended ? 0 : leases);
            await CloseAsync(session, end);
            return end;
        }
        finally
        {
            EdgeMetrics.LeasesHeld.Add(-leases);
        }
    }

    private async Task CloseAsync(EdgeSession session, SessionEnd end)
    {
        var stop = new StopSteps();
        if (end != SessionEnd.Stopping)
        {
            await stop.RunAsync(session.SilenceAsync);
            await stop.DisposeAsync(session);
            stop.ThrowIfFailed();
            return;
        }

        await stop.DisposeAsync(session);
        using var timeout = new CancellationTokenSource(HandBackLimit, context.Environment.Time);
        try
        {
            await session.HandBackAsync(timeout.Token);
            _logger.Stopped(Name);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _logger.NotReleased(Name, e.Message);
        }

        stop.ThrowIfFailed();
    }

    /// <summary>The transport of the id at an index. Binds it again if an earlier session closed it.</summary>
    private IDatagramTransport TakeTransport(int index)
    {
        var transport = _bound[index] ?? transports(_listen[index]);
        _bound[index] = null;
        return transport;
    }

    private async Task UnbindAsync()
    {
        var stop = new StopSteps();
        for (var i = 0; i < _bound.Length; i++)
        {
            await stop.DisposeAsync(Interlocked.Exchange(ref _bound[i], null));
        }

        stop.ThrowIfFailed();
    }
}

/// <summary>What the parts of one edge share. It runs within a silo, or is an Orleans client.</summary>
internal sealed record EdgeContext(
    KadEdgeOptions Options,
    EdgeTiming Timing,
    IGrainFactory Grains,
    NodeEnvironment Environment,
    EdgeHealth Health,
    ClockWatch Clock,
    ILocalSiloDetails? Silo = null)
{
    /// <summary>The node ids of all edges of the cluster, this one's too.</summary>
    public SiblingIds Siblings { get; } = new(Environment.Time);

    /// <summary>One for all node ids, also of later leases: the tokens that were given stay valid, and the bound is one.</summary>
    public WriteGuard Writes { get; } = new(Options.ChangesWithoutToken, Options.RequireTokens, Environment);

    public IEdgeDirectoryGrain Directory => Grains.GetGrain<IEdgeDirectoryGrain>(GrainKeys.Singleton);

    private KnownEdges Edges { get; } = new(Environment.Time);

    /// <summary>The live edges of the cluster. A call that fails leaves those that were read before.</summary>
    public Task<IReadOnlyList<LiveEdge>> ReadEdgesAsync(CancellationToken cancellationToken) =>
        Edges.ReadAsync(version => CallAsync(Directory.ListAsync(version), cancellationToken));

    /// <summary>Waits for a silo's response, up to <see cref="EdgeTiming.Call"/>, and notes that one came.</summary>
    /// <exception cref="TimeoutException">No response in time. The call may still take effect.</exception>
    public async Task<T> CallAsync<T>(ValueTask<T> call, CancellationToken cancellationToken)
    {
        var result = await call.AsTask().WaitAsync(Timing.Call, Environment.Time, cancellationToken);
        Health.Answered();
        return result;
    }

    public async Task CallAsync(ValueTask call, CancellationToken cancellationToken)
    {
        await call.AsTask().WaitAsync(Timing.Call, Environment.Time, cancellationToken);
        Health.Answered();
    }
}

internal sealed record EdgeTiming
{
    public TimeSpan Renewal { get; init; } = IEdgeDirectoryGrain.RenewalInterval;

    /// <summary>Time between renewals of the subscriptions, which end after three minutes without one.</summary>
    public TimeSpan Subscription { get; init; } = TimeSpan.FromMinutes(1);

    /// <summary>The timeout of one call. Two and a renewal fit into a lease, so one lost call does not cost it.</summary>
    public TimeSpan Call { get; init; } = IEdgeDirectoryGrain.LeaseTimeout;

    /// <summary>The longest pause between attempts at the lease. The first is 250 ms, and it doubles.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>The first pause before another attempt to join the network. It doubles up to a minute.</summary>
    public TimeSpan FirstJoinPause { get; init; } = TimeSpan.FromSeconds(1);

    /// <summary>Time between questions to former contacts; their table gives none more often.</summary>
    public TimeSpan Repair { get; init; } = PartitionRepair.Period;
}
