namespace KadOrleans.Node;

/// <summary>Refreshes a table by random walks, one after the other: at an interval, when it is small, when asked.</summary>
/// <remarks>RTRefreshManager of py-libp2p's <c>libp2p.discovery.random_walk</c>, as are RandomWalk and the exceptions.</remarks>
public sealed class RoutingTableRefreshManager : IAsyncDisposable
{
    private readonly DhtNode _node;
    private readonly RandomWalk _walk;
    private readonly RandomWalkOptions _options;
    private readonly NodeEnvironment _environment;
    private readonly RandomWalkPolicy _policy;
    private readonly ILogger _logger;

    // Guards _callbacks, _stopping and _loop.
    private readonly Lock _gate = new();
    private readonly List<Action> _callbacks = [];
    private CancellationTokenSource? _stopping;
    private Task _loop = Task.CompletedTask;
    private volatile bool _isNotifying;

    // One refresh at a time. It has no handle that would have to be disposed of.
    private readonly SemaphoreSlim _turn = new(1, 1);

    // Written by the holder of the turn. Null before the first refresh.
    private long? _lastBegunAt;
    private double _earliness;

    // The number of consecutive checks after which the table was small or the refresh had failed.
    private int _fruitless;

    /// <summary>A manager that does nothing before a call.</summary>
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
    /// Adds a callback for the end of each refresh, called in order and as often as it was added. One that throws is logged. The
    /// next refresh waits for them.
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
                _loop = _options.AutoRefresh ? RunAsync(_stopping.Token) : Task.CompletedTask;
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
        RefreshInTurnAsync(force, isCheck: false, cancellationToken);

    /// <summary>Stops.</summary>
    public async ValueTask DisposeAsync() => await StopAsync();

    private async Task RunAsync(CancellationToken cancellationToken)
    {
        // What follows must not run inside the lock.
        await Task.Yield();
        await new MaintenanceJob(nameof(RoutingTableRefreshManager), CheckAsync).RunAsync(_environment.Time, _logger, cancellationToken);
    }

    private async Task<TimeSpan> CheckAsync(CancellationToken cancellationToken)
    {
        try
        {
            await RefreshInTurnAsync(force: false, isCheck: true, cancellationToken);
            var size = _node.RoutingTable.Count;
            _fruitless = _policy.IsSmall(size) ? _fruitless + 1 : 0;
            return _policy.GetPause(size, _fruitless);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _logger.TableNotRefreshed(e);
            return _policy.GetPause(_options.MinTableSize, ++_fruitless);
        }
    }

    private async Task<bool> RefreshInTurnAsync(bool force, bool isCheck, CancellationToken cancellationToken)
    {
        try
        {
            if (!await TakeTurnAsync(force, isCheck, cancellationToken))
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

    private async Task<bool> TakeTurnAsync(bool force, bool isCheck, CancellationToken cancellationToken)
    {
        await _turn.WaitAsync(cancellationToken);
        try
        {
            var size = _node.RoutingTable.Count;
            TimeSpan? sinceLast = _lastBegunAt is { } last ? _environment.Time.GetElapsedTime(last) : null;
            if (!force && !_policy.IsDue(size, sinceLast, isCheck ? _earliness : 0))
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

    private double NextFraction()
    {
        Span<byte> random = stackalloc byte[1];
        _environment.Random.Fill(random);
        return random[0] / 255.0;
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
}

/// <summary>The table could not be refreshed, by the inner exception. Exactly this type if not the walks failed.</summary>
public class RoutingTableRefreshException : Exception
{
    /// <summary>An exception with the default message.</summary>
    public RoutingTableRefreshException()
    {
    }

    /// <summary>An exception that says what went wrong.</summary>
    public RoutingTableRefreshException(string message)
        : base(message)
    {
    }

    /// <summary>An exception that says what went wrong, and its cause.</summary>
    public RoutingTableRefreshException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A walk, or every one of a batch, failed because this node's table or transport did, never for a contact.</summary>
public sealed class RandomWalkException : RoutingTableRefreshException
{
    /// <inheritdoc cref="RoutingTableRefreshException()"/>
    public RandomWalkException()
    {
    }

    /// <inheritdoc cref="RoutingTableRefreshException(string)"/>
    public RandomWalkException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="RoutingTableRefreshException(string, Exception)"/>
    public RandomWalkException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}

/// <summary>A contact's endpoint did not answer, or with another id. Walks skip such contacts.</summary>
public sealed class PeerValidationException : RoutingTableRefreshException
{
    /// <inheritdoc cref="RoutingTableRefreshException()"/>
    public PeerValidationException()
    {
    }

    /// <inheritdoc cref="RoutingTableRefreshException(string)"/>
    public PeerValidationException(string message)
        : base(message)
    {
    }

    /// <inheritdoc cref="RoutingTableRefreshException(string, Exception)"/>
    public PeerValidationException(string message, Exception innerException)
        : base(message, innerException)
    {
    }
}
