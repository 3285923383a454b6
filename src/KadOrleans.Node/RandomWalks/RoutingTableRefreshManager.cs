using KadOrleans.Node.Diagnostics;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.RandomWalks;

/// <summary>
/// Keeps a routing table full by random walks: at an interval, at once when it has few contacts, and when asked. Every
/// member may be used from several threads at once; refreshes happen one after the other.
/// </summary>
/// <remarks>
/// The API of <c>libp2p.discovery.random_walk</c> of py-libp2p: this is its RTRefreshManager, beside it are its RandomWalk and its
/// exceptions. The work itself is <see cref="TableRefresh"/>, which the node's other maintenance uses too.
/// </remarks>
public sealed class RoutingTableRefreshManager : IAsyncDisposable
{
    private readonly TableRefresh _refresh;
    private readonly RandomWalkOptions _options;
    private readonly NodeEnvironment _environment;
    private readonly ILogger _logger;

    // Guards _callbacks, _stopping and _loop.
    private readonly Lock _gate = new();
    private readonly List<Action> _callbacks = [];
    private CancellationTokenSource? _stopping;
    private Task _loop = Task.CompletedTask;
    private volatile bool _isNotifying;

    /// <summary>A manager that does nothing before it is started or asked.</summary>
    /// <param name="node">Whose table it keeps.</param>
    /// <param name="walk">Walks.</param>
    /// <param name="options">How often; validated by the caller.</param>
    /// <param name="environment">Time, randomness and logging.</param>
    public RoutingTableRefreshManager(DhtNode node, RandomWalk walk, RandomWalkOptions options, NodeEnvironment environment)
        : this(new TableRefresh(node, walk, options, environment), options, environment)
    {
    }

    internal RoutingTableRefreshManager(TableRefresh refresh, RandomWalkOptions options, NodeEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(environment);
        (_refresh, _options, _environment) = (refresh, options, environment);
        _logger = environment.LoggerFactory.CreateLogger<RoutingTableRefreshManager>();
        refresh.OnDone = Notify;
    }

    /// <summary>Whether it has been started and not been stopped since.</summary>
    public bool IsRunning
    {
        get
        {
            lock (_gate)
            {
                return _stopping is not null;
            }
        }
    }

    /// <summary>
    /// Has a callback called after each refresh that was done, in the order of addition; as often as it was added. One
    /// that throws is logged, and the others are still called. It should be quick: the next refresh waits for it.
    /// </summary>
    public void AddRefreshDoneCallback(Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        lock (_gate)
        {
            _callbacks.Add(callback);
        }
    }

    /// <summary>Takes back one addition of a callback, the first; one that was never added is ignored.</summary>
    public void RemoveRefreshDoneCallback(Action callback)
    {
        lock (_gate)
        {
            _callbacks.Remove(callback);
        }
    }

    /// <summary>
    /// Begins to refresh by itself, if <see cref="RandomWalkOptions.AutoRefresh"/> is on, and returns at once: the first
    /// refresh begins as soon as the table has a contact. While it runs, no effect.
    /// </summary>
    public Task StartAsync()
    {
        lock (_gate)
        {
            if (_stopping is null)
            {
                _stopping = new CancellationTokenSource();
                _loop = _options.AutoRefresh ? RunAsync(_stopping.Token) : Task.CompletedTask;
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>
    /// Ends the refresh that runs by itself, giving up its walks, and returns when it has ended: at once. While stopped, no
    /// effect. May be called from a callback.
    /// </summary>
    public async Task StopAsync()
    {
        CancellationTokenSource? stopping;
        Task loop;
        lock (_gate)
        {
            (stopping, loop, _stopping) = (_stopping, _loop, null);
        }

        if (stopping is null)
        {
            return;
        }

        stopping.Cancel();

        // A callback that waits for this would wait for itself. The refresh is done then, and the loop ends after it.
        if (!_isNotifying)
        {
            await loop;
            stopping.Dispose();
        }
    }

    /// <summary>Refreshes the table now by random walks; started or not.</summary>
    /// <param name="force">
    /// False refreshes only if it is due: the last refresh began <see cref="RandomWalkOptions.Interval"/> ago, or the table
    /// has fewer contacts than <see cref="RandomWalkOptions.MinTableSize"/>, and at least one.
    /// </param>
    /// <param name="cancellationToken">Gives up.</param>
    /// <returns>Whether it was done. What was not due calls no callbacks.</returns>
    /// <exception cref="RandomWalkException">Every walk failed. No callback is called, and a refresh stays due.</exception>
    /// <exception cref="RoutingTableRefreshException">Something else failed, with the same effect.</exception>
    public Task<bool> RefreshAsync(bool force = false, CancellationToken cancellationToken = default) =>
        _refresh.RunAsync(force, cancellationToken);

    /// <summary>Stops.</summary>
    public async ValueTask DisposeAsync() => await StopAsync();

    private void Notify()
    {
        Action[] callbacks;
        lock (_gate)
        {
            callbacks = [.. _callbacks];
        }

        _isNotifying = true;
        foreach (var callback in callbacks)
        {
            try
            {
                callback();
            }
            catch (Exception e)
            {
                _logger.RefreshCallbackFailed(e);
            }
        }

        _isNotifying = false;
    }

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        // What follows must not run inside the lock.
        await Task.Yield();
        await new MaintenanceJob(nameof(TableRefresh), _refresh.LookAsync).RunAsync(_environment.Time, _logger, cancellationToken);
    }
}
