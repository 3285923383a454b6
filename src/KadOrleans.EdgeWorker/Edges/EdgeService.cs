using KadOrleans.EdgeWorker.Diagnostics;
using KadOrleans.Core;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Hosting;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Edges;

/// <summary>
/// Runs an edge for the life of its host: binds its ports, waits for the cluster, leases its node ids and serves them. It may start before
/// any silo, and goes on while all silos are down. When another process takes its name it stops serving for good and completes
/// <see cref="EdgeHealth.LeaseLost"/>.
/// </summary>
internal sealed class EdgeService : BackgroundService, IHostedLifecycleService
{
    private readonly EdgeContext _context;
    private readonly Func<UdpEndpoint, IDatagramTransport> _transports;
    private readonly Action<string>? _announce;
    private readonly ILogger _logger;

    // Orleans holds only a weak reference to it: this field keeps it alive.
    private readonly EdgeObserver _observer = new();
    private readonly TaskCompletionSource _started = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private readonly UdpEndpoint[] _listen;
    private readonly IDatagramTransport?[] _bound;

    public EdgeService(EdgeContext context, Func<UdpEndpoint, IDatagramTransport> transports, Action<string>? announce)
    {
        (_context, _transports, _announce) = (context, transports, announce);
        _logger = context.Environment.LoggerFactory.CreateLogger<EdgeService>();
        _listen = [.. context.Options.Endpoints];
        _bound = new IDatagramTransport?[_listen.Length];
    }

    private string Name => _context.Options.Name;

    /// <summary>
    /// Binds the ports before this process's silo or client starts. So a port in use fails start-up at once, not after silos were found.
    /// </summary>
    public async Task StartingAsync(CancellationToken cancellationToken)
    {
        EdgeMetrics.Begin();
        try
        {
            for (var i = 0; i < _listen.Length; i++)
            {
                _bound[i] = _transports(_listen[i]);

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

    public Task StartedAsync(CancellationToken cancellationToken)
    {
        _started.TrySetResult();
        return Task.CompletedTask;
    }

    public Task StoppingAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public async Task StoppedAsync(CancellationToken cancellationToken) => await UnbindAsync();

    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        try
        {
            // Before the silo or the client of this process is up, grain calls fail or are lost.
            await _started.Task.WaitAsync(stoppingToken);
            await ServeAsync(stoppingToken);
        }
        catch (OperationCanceledException) when (stoppingToken.IsCancellationRequested)
        {
            // Stopped before there was a lease.
        }
        finally
        {
            await UnbindAsync();
            if (stoppingToken.IsCancellationRequested && _context.Health.State != EdgePhase.LeaseLost)
            {
                _context.Health.Enter(EdgePhase.Stopped, null);
            }
        }
    }

    /// <summary>Leases the ids and serves them. Does so again if the cluster forgot the lease.</summary>
    private async Task ServeAsync(CancellationToken cancellationToken)
    {
        // One reference for all sessions, so that the directory recognises this edge's own name.
        var reference = _context.Grains.CreateObjectReference<IEdgeObserver>(_observer);
        try
        {
            while (await ServeAsync(reference, cancellationToken) == SessionEnd.Forgotten)
            {
                _logger.LeaseForgotten(Name);
                _context.Health.Enter(EdgePhase.Waiting, null);
            }
        }
        finally
        {
            _context.Grains.DeleteObjectReference<IEdgeObserver>(reference);
        }
    }

    private async Task<SessionEnd> ServeAsync(IEdgeObserver reference, CancellationToken cancellationToken)
    {
        var session = await OpenAsync(reference, cancellationToken);
        if (session is null)
        {
            return LoseLease(null);
        }

        Announce(session);
        var end = await RunAsync(session, cancellationToken);
        return end == SessionEnd.LeaseLost ? LoseLease(session) : end;
    }

    /// <summary>
    /// Tries until the edge's name is free, its ids are leased and their tables loaded. It never takes the name of another live edge: two
    /// processes that restart whenever they end would take it from each other for ever. Nor does it take the name of an edge that may only be
    /// cut off by the loss of a silo. Returns null if another process took the lease before it began.
    /// </summary>
    private async Task<EdgeSession?> OpenAsync(IEdgeObserver reference, CancellationToken cancellationToken)
    {
        var told = new HashSet<NameUse?>();
        var pauses = new BackOff(_context.Timing.FirstPause, _context.Timing.LongestPause);
        while (true)
        {
            try
            {
                switch (await _context.CallAsync(_context.Directory.AskForNameAsync(Name, reference), cancellationToken))
                {
                    case NameUse.Free:
                        return await LeaseAsync(reference, cancellationToken);
                    case NameUse.Held:
                        WaitFor($"another live edge uses the name {Name}", NameUse.Held, () => _logger.NameInUse(Name));
                        break;
                    default:
                        WaitFor(
                            $"another edge may use the name {Name}: this one waits for its response or the end of its lease",
                            NameUse.Unclear,
                            () => _logger.NameUnclear(Name, IEdgeDirectoryGrain.LeaseDuration.TotalSeconds));
                        break;
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

            await Task.Delay(pauses.Next(), _context.Environment.Time, cancellationToken);
        }

        // Each reason is logged once.
        void WaitFor(string what, NameUse? reason, Action log)
        {
            _context.Health.WaitFor(what);
            if (told.Add(reason))
            {
                log();
            }
        }
    }

    private async Task<EdgeSession> LeaseAsync(IEdgeObserver reference, CancellationToken cancellationToken)
    {
        var lease = await _context.CallAsync(_context.Directory.LeaseAsync(Name, _context.Options.Endpoints.Count, reference), cancellationToken);
        var session = await EdgeSession.OpenAsync(_context, lease, _observer, reference, TakeTransport, cancellationToken);
        _logger.Leased(Name, lease.NodeIds.Count, lease.Epoch);
        return session;
    }

    private async Task<SessionEnd> RunAsync(EdgeSession session, CancellationToken cancellationToken)
    {
        var leases = session.Lease.NodeIds.Count;
        EdgeMetrics.LeasesHeld.Add(leases);
        try
        {
            var end = await session.RunAsync(cancellationToken);
            EdgeMetrics.LeasesLost.Add(end == SessionEnd.Stopping ? 0 : leases);
            await CloseAsync(session, end);
            return end;
        }
        finally
        {
            EdgeMetrics.LeasesHeld.Add(-leases);
        }
    }

    private void Announce(EdgeSession session)
    {
        _context.Health.Enter(EdgePhase.Serving, session);
        foreach (var node in session.Nodes)
        {
            foreach (var endpoint in node.LocalEndpoints)
            {
                _logger.Listening(endpoint, node.Id, Name);
                _announce?.Invoke($"listening udp {endpoint} id {node.Id} edge {Name}");
            }
        }
    }

    private async Task CloseAsync(EdgeSession session, SessionEnd end)
    {
        if (end != SessionEnd.Stopping)
        {
            await session.SilenceAsync();
        }

        await session.DisposeAsync();
        if (end != SessionEnd.Stopping)
        {
            return;
        }

        using var timeout = new CancellationTokenSource(_context.Timing.HandBack, _context.Environment.Time);
        try
        {
            await session.HandBackAsync(timeout.Token);
            _logger.Stopped(Name);
        }
        catch (Exception e) when (e is not OutOfMemoryException)
        {
            _logger.NotReleased(Name, e.Message);
        }
    }

    private SessionEnd LoseLease(EdgeSession? session)
    {
        _logger.LeaseLost(Name);
        _context.Health.Enter(EdgePhase.LeaseLost, session);
        return SessionEnd.LeaseLost;
    }

    /// <summary>The transport of the id at an index. Binds it again if an earlier session closed it.</summary>
    private IDatagramTransport TakeTransport(int index)
    {
        var transport = _bound[index] ?? _transports(_listen[index]);
        _bound[index] = null;
        return transport;
    }

    private async Task UnbindAsync()
    {
        for (var i = 0; i < _bound.Length; i++)
        {
            if (Interlocked.Exchange(ref _bound[i], null) is { } transport)
            {
                await transport.DisposeAsync();
            }
        }
    }
}
