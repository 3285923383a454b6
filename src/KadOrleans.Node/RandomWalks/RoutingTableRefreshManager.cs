using KadOrleans.Node.Diagnostics;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.RandomWalks;

/// <summary>
/// Keeps a routing table full by random walks: at an interval, at once when it has few contacts, and when asked. Safe for several threads.
/// Refreshes run one after the other.
/// </summary>
/// <remarks>
/// This is RTRefreshManager of py-libp2p's <c>libp2p.discovery.random_walk</c>, as are RandomWalk and the exceptions. The work itself is
/// done by <see cref="TableRefresh"/>, which the node's maintenance uses too.
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

    /// <summary>A manager that does nothing before a call.</summary>
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
        refresh.Done += Notify;
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
    /// Adds a callback, called after each completed refresh, in the order of addition and as often as it was added. A callback that throws
    /// is logged, and the others are still called. It should be quick, as the next refresh waits for it.
    /// </summary>
    public void AddRefreshDoneCallback(Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        lock (_gate)
        {
            _callbacks.Add(callback);
        }
    }

    /// <summary>Removes the first addition of a callback. Does nothing if it was never added.</summary>
    public void RemoveRefreshDoneCallback(Action callback)
    {
        lock (_gate)
        {
            _callbacks.Remove(callback);
        }
    }

    /// <summary>
    /// Starts periodic refreshes if <see cref="RandomWalkOptions.AutoRefresh"/> is on, and returns at once. The first one begins as soon as
    /// the table has a contact. Does nothing while it runs.
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
    /// Ends periodic refreshes, cancels a running one, and returns when it has ended. Does nothing while stopped. May be called from a
    /// callback.
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

        // A callback that awaits this would wait for itself. Its refresh is complete, and the loop ends after it.
        if (!_isNotifying)
        {
            await loop;
            stopping.Dispose();
        }
    }

    /// <summary>Refreshes the table now by random walks, whether started or not.</summary>
    /// <param name="force">
    /// Whether to refresh even if it is not due. It is due if the last refresh began <see cref="RandomWalkOptions.Interval"/> ago. It is
    /// also due if the table has at least one contact, but fewer than <see cref="RandomWalkOptions.MinTableSize"/>.
    /// </param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>Whether it refreshed. If not, no callback is called.</returns>
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
        await new MaintenanceJob(nameof(TableRefresh), _refresh.CheckAsync).RunAsync(_environment.Time, _logger, cancellationToken);
    }
}
