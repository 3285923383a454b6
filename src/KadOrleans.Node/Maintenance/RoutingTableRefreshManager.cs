using KadOrleans.Core.Maintenance;
using KadOrleans.Node.Diagnostics;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Maintenance;

/// <summary>
/// Keeps a routing table full by random walks: at an interval, at once when it has few contacts, and when asked. Every
/// member may be used from several threads at once; refreshes happen one after the other.
/// </summary>
public sealed class RoutingTableRefreshManager : IAsyncDisposable
{
    private readonly DhtNode _node;
    private readonly RandomWalk _walk;
    private readonly RandomWalkOptions _options;
    private readonly NodeEnvironment _environment;
    private readonly RandomWalkPolicy _policy;
    private readonly ILogger _logger;
    private readonly SemaphoreSlim _turn = new(1, 1);

    // Guards _callbacks, _stopping and _loop.
    private readonly Lock _gate = new();
    private readonly List<Action> _callbacks = [];
    private CancellationTokenSource? _stopping;
    private Task _loop = Task.CompletedTask;

    // Whoever has the turn writes them; null before the first refresh.
    private long? _lastBegunAt;
    private double _earliness;
    private volatile bool _isNotifying;

    // The loop's: looks in a row after which the table was small or the refresh had failed.
    private int _inVain;

    /// <summary>A manager that does nothing before it is started or asked.</summary>
    /// <param name="node">Whose table it keeps.</param>
    /// <param name="walk">Walks.</param>
    /// <param name="options">How often; validated by the caller.</param>
    /// <param name="environment">Time, randomness and logging.</param>
    public RoutingTableRefreshManager(DhtNode node, RandomWalk walk, RandomWalkOptions options, NodeEnvironment environment)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(environment);
        (_node, _walk, _options, _environment) = (node, walk, options, environment);
        _policy = new RandomWalkPolicy(options.Interval, options.MinTableSize);
        _logger = environment.LoggerFactory.CreateLogger<RoutingTableRefreshManager>();
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
        RefreshOnceAsync(force, byItself: false, cancellationToken);

    /// <summary>Stops.</summary>
    public async ValueTask DisposeAsync()
    {
        await StopAsync();
        _turn.Dispose();
    }

    private async Task<bool> RefreshOnceAsync(bool force, bool byItself, CancellationToken cancellationToken)
    {
        try
        {
            if (!await TakeTurnAsync(force, byItself, cancellationToken))
            {
                return false;
            }
        }
        catch (Exception e) when (e is not RoutingTableRefreshException
            && (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested))
        {
            throw new RoutingTableRefreshException($"The routing table could not be refreshed: {e.Message}", e);
        }

        Notify();
        return true;
    }

    private async Task<bool> TakeTurnAsync(bool force, bool byItself, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var size = _node.RoutingTable.Count;
            TimeSpan? sinceLast = _lastBegunAt is { } last ? _environment.Time.GetElapsedTime(last) : null;
            if (!force && !_policy.IsDue(size, sinceLast, byItself ? _earliness : 0))
            {
                return false;
            }

            var begunAt = _environment.Time.GetTimestamp();
            var found = await _walk.RunConcurrentRandomWalksAsync(_options.Count, size, cancellationToken);
            (_lastBegunAt, _earliness) = (begunAt, NextFraction());
            _logger.TableRefreshed(_options.Count, found.Count, _node.RoutingTable.Count);
            return true;
        }
        finally
        {
            _turn.Release();
        }
    }

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
        try
        {
            while (true)
            {
                await Task.Delay(await LookAsync(cancellationToken), _environment.Time, cancellationToken);
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
            // Stopped.
        }
    }

    /// <summary>Refreshes what is due, and says how long to wait before the next look.</summary>
    private async Task<TimeSpan> LookAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RefreshOnceAsync(force: false, byItself: true, cancellationToken);
            var size = _node.RoutingTable.Count;
            _inVain = _policy.IsSmall(size) ? _inVain + 1 : 0;
            return _policy.GetPause(size, _inVain);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _logger.TableNotRefreshed(e);
            return _policy.GetPause(_options.MinTableSize, ++_inVain);
        }
    }

    private double NextFraction()
    {
        Span<byte> random = stackalloc byte[1];
        _environment.Random.Fill(random);
        return random[0] / 255.0;
    }
}
