using System.Collections.Immutable;

namespace KadOrleans.Node;

/// <summary>
/// Refreshes a table by random walks, one after the other: at an interval, when it is small, when asked. Does nothing before a call.
/// </summary>
/// <remarks>RTRefreshManager of py-libp2p's <c>libp2p.discovery.random_walk</c>, as are RandomWalk and the exceptions.</remarks>
/// <param name="node">Whose table it keeps.</param>
/// <param name="walk">Walks.</param>
/// <param name="options">How often; validated by the caller.</param>
/// <param name="environment">Time, randomness and logging.</param>
public sealed class RoutingTableRefreshManager(
    DhtNode node, RandomWalk walk, RandomWalkOptions options, NodeEnvironment environment) : IAsyncDisposable
{
    private readonly RandomWalkPolicy _policy = new(options.Interval, options.MinTableSize);
    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<RoutingTableRefreshManager>();

    // Guards changes of _stopping and _loop.
    private readonly Lock _gate = new();
    private volatile CancellationTokenSource? _stopping;
    private Task _loop = Task.CompletedTask;

    private ImmutableList<Action> _callbacks = [];

    // Set in what the callbacks of a periodic refresh run, on whichever thread.
    private readonly AsyncLocal<Notification?> _notification = new();

    // One refresh at a time. It has no handle that would have to be disposed of.
    private readonly SemaphoreSlim _turn = new(1, 1);

    // Written by the holder of the turn. Null before the first refresh.
    private long? _lastBegunAt;
    private double _earliness;

    // The number of consecutive checks after which the table was small or the refresh had failed.
    private int _fruitless;

    /// <summary>Whether it has been started and not been stopped since.</summary>
    public bool IsRunning => _stopping is not null;

    /// <summary>
    /// Adds a callback for the end of each refresh, called in order and as often as it was added. One that throws is logged. The
    /// next refresh waits for them.
    /// </summary>
    public void AddRefreshDoneCallback(Action callback)
    {
        ArgumentNullException.ThrowIfNull(callback);
        ImmutableInterlocked.Update(ref _callbacks, static (callbacks, added) => callbacks.Add(added), callback);
    }

    /// <summary>Removes the first addition of a callback. Does nothing if it was never added.</summary>
    public void RemoveRefreshDoneCallback(Action callback) =>
        ImmutableInterlocked.Update(ref _callbacks, static (callbacks, removed) => callbacks.Remove(removed), callback);

    /// <summary>
    /// Starts refreshes if <see cref="RandomWalkOptions.AutoRefresh"/> is on, the first once there is a contact, and returns at
    /// once. Does nothing while it runs.
    /// </summary>
    public Task StartAsync()
    {
        lock (_gate)
        {
            if (_stopping is null)
            {
                _stopping = new CancellationTokenSource();
                _loop = options.AutoRefresh ? RunAsync(_stopping.Token) : Task.CompletedTask;
            }
        }

        return Task.CompletedTask;
    }

    /// <summary>Ends periodic refreshes, also a running one. Does nothing while stopped. A callback may call it.</summary>
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
        if (_notification.Value is not { IsOver: false })
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
        RefreshAsync(force, isCheck: false, cancellationToken);

    /// <summary>Stops.</summary>
    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        // What follows must not run inside the lock.
        await Task.Yield();
        await new MaintenanceJob(nameof(RoutingTableRefreshManager), CheckAsync).RunAsync(environment.Time, _logger, cancellationToken);
    }

    private async Task<TimeSpan> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RefreshAsync(force: false, isCheck: true, cancellationToken);
            var size = node.RoutingTable.Count;
            _fruitless = _policy.IsSmall(size) ? _fruitless + 1 : 0;
            return _policy.GetPause(size, _fruitless);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _logger.TableNotRefreshed(e);
            return _policy.GetPause(options.MinTableSize, ++_fruitless);
        }
    }

    private async Task<bool> RefreshAsync(bool force, bool isCheck, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var size = node.RoutingTable.Count;
            TimeSpan? sinceLast = _lastBegunAt is { } last ? environment.Time.GetElapsedTime(last) : null;
            if (!force && !_policy.IsDue(size, sinceLast, isCheck ? _earliness : 0))
            {
                return false;
            }

            var begunAt = environment.Time.GetTimestamp();
            var found = await walk.RunConcurrentRandomWalksAsync(options.Count, size, cancellationToken);
            var fraction = new byte[1];
            environment.Random.Fill(fraction);
            (_lastBegunAt, _earliness) = (begunAt, fraction[0] / 255.0);
            _logger.TableRefreshed(options.Count, found.Count, node.RoutingTable.Count);
        }
        catch (Exception e) when (e is not RoutingTableRefreshException
            && (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested))
        {
            throw new RoutingTableRefreshException($"The routing table could not be refreshed: {e.Message}", e);
        }
        finally
        {
            _turn.Release();
        }

        Notify(isCheck);
        return true;
    }

    private void Notify(bool isCheck)
    {
        var notification = new Notification();
        if (isCheck)
        {
            _notification.Value = notification;
        }

        foreach (var callback in _callbacks)
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

        notification.IsOver = true;
    }

    private sealed class Notification
    {
        public bool IsOver { get; set; }
    }
}

/// <summary>The table could not be refreshed; the inner exception is the cause. Derived types tell failed walks and contacts.</summary>
/// <param name="message">What failed and why.</param>
/// <param name="innerException">The cause, if there is one.</param>
public class RoutingTableRefreshException(string message, Exception? innerException = null) : Exception(message, innerException);

/// <summary>A walk, or every walk of a batch, failed: this node's table or transport did, not a contact.</summary>
/// <param name="message">What failed and why.</param>
/// <param name="innerException">The cause.</param>
public sealed class RandomWalkException(string message, Exception innerException)
    : RoutingTableRefreshException(message, innerException);

/// <summary>A contact's endpoint did not answer, or answered with another id, or is this node's. Walks skip such contacts.</summary>
/// <param name="message">The contact and the reason.</param>
public sealed class PeerValidationException(string message) : RoutingTableRefreshException(message);
