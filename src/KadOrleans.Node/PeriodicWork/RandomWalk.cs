using System.Collections.Immutable;

namespace KadOrleans.Node;

/// <summary>Looks up random ids, and returns only contacts that proved id and endpoint, which the table has observed.</summary>
/// <param name="node">Looks up and pings.</param>
/// <param name="options">How long a walk may take.</param>
/// <param name="environment">Time, randomness and logging.</param>
public sealed class RandomWalk(DhtNode node, RandomWalkOptions options, NodeEnvironment environment)
{
    /// <summary>Concurrent pings. Half of a lookup's contacts, so all are checked in the reserved time.</summary>
    private const int ParallelPings = Lookup.MaxRequests / 2;

    /// <summary>The lookup's share of a walk's time. The rest is for pings.</summary>
    private const double LookupShare = 0.8;

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<RandomWalk>();

    /// <summary>An id drawn uniformly from all 160 bits.</summary>
    public NodeId GenerateRandomId() => NodeId.Random(environment.Random);

    /// <summary>Walks once. At its timeout it returns the contacts found by then.</summary>
    /// <returns>Contacts that proved id and endpoint, nearest to the walk's target first; none of them is this node.</returns>
    /// <exception cref="RandomWalkException">This node's table or transport failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; contacts met by then are in the table all the same.</exception>
    public async Task<IReadOnlyList<Contact>> PerformRandomWalkAsync(CancellationToken cancellationToken = default)
    {
        var target = GenerateRandomId();
        try
        {
            return await WalkAsync(target, cancellationToken);
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            throw new RandomWalkException($"The random walk to {target} failed: {e.Message}", e);
        }
    }

    /// <summary>Runs several walks concurrently. A failed walk is logged, and the others' contacts are kept.</summary>
    /// <param name="count">Walks, 1 or more; default 3.</param>
    /// <param name="currentTableSize">
    /// Contacts in the table. If they are fewer than k they are pinged too and come first: they are most of such a small network.
    /// </param>
    /// <param name="cancellationToken">Cancels the call.</param>
    /// <returns>All contacts found, each id once: in the order of the first responses, with the endpoints of the last ones.</returns>
    /// <exception cref="RandomWalkException">Every walk failed.</exception>
    /// <exception cref="OperationCanceledException">Cancelled; contacts met by then are in the table all the same.</exception>
    public async Task<IReadOnlyList<Contact>> RunConcurrentRandomWalksAsync(
        int count = 3, int currentTableSize = 0, CancellationToken cancellationToken = default)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        var found = new OrderedDictionary<NodeId, Contact>();
        if (currentTableSize < node.Kademlia.BucketSize)
        {
            Merge(await KeepValidAsync(node.RoutingTable.Contacts, known: null, cancellationToken));
        }

        RandomWalkException? failure = null;
        var failures = 0;
        foreach (var walk in Enumerable.Range(0, count).Select(_ => PerformRandomWalkAsync(cancellationToken)).ToList())
        {
            try
            {
                Merge(await walk);
            }
            catch (RandomWalkException e)
            {
                _logger.WalkFailed(e);
                (failure, failures) = (e, failures + 1);
            }
        }

        return failures < count
            ? [.. found.Values]
            : throw new RandomWalkException($"All of {count} random walks failed.", failure!);

        void Merge(IEnumerable<Contact> contacts)
        {
            foreach (var contact in contacts)
            {
                found[contact.Id] = contact;
            }
        }
    }

    /// <summary>Pings a contact. When this returns, the contact has proved its id and endpoint.</summary>
    /// <exception cref="PeerValidationException">Nobody answered there in time, or another id did, or it is this node.</exception>
    public async Task ValidateAsync(Contact contact, CancellationToken cancellationToken = default)
    {
        if (await FindProblemAsync(contact, cancellationToken) is { } problem)
        {
            throw new PeerValidationException(problem);
        }
    }

    private async Task<string?> FindProblemAsync(Contact contact, CancellationToken cancellationToken)
    {
        if (contact.Id == node.Id || !contact.Endpoint.IsUnicast)
        {
            return $"{contact} is this node, or at an address that no node can have.";
        }

        var pong = await node.PingAsync(contact.Endpoint, cancellationToken);
        return pong.Failure is { } failure ? $"{contact} did not answer a ping: {failure}."
            : pong.Id != contact.Id ? $"{contact} answered under another id: {pong.Id?.ToString() ?? "none"}."
            : null;
    }

    private async Task<IReadOnlyList<Contact>> WalkAsync(NodeId target, CancellationToken cancellationToken)
    {
        var startedAt = environment.Time.GetTimestamp();
        var before = node.RoutingTable;
        using var walkEnd = new CancellationTokenSource(options.Timeout, environment.Time);
        using var lookupEnd = new CancellationTokenSource(options.Timeout * LookupShare, environment.Time);
        using var lookupLimit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, lookupEnd.Token);
        using var walkLimit = CancellationTokenSource.CreateLinkedTokenSource(cancellationToken, walkEnd.Token);

        var outcome = await node.FindNodeAsync(target, lookupLimit.Token);
        var found = await KeepValidAsync(outcome.AnsweredContacts, node.RoutingTable, walkLimit.Token);
        cancellationToken.ThrowIfCancellationRequested();
        var (added, duration) = (found.Count(c => !before.Contains(c)), environment.Time.GetElapsedTime(startedAt));
        node.Metrics.WalkEnded(outcome, added, duration);
        _logger.Walked(target, outcome.Reason, outcome.Asked, outcome.Answered, added, duration.TotalSeconds);
        return found;
    }

    /// <summary>Contacts that the table has with this id and endpoint proved themselves by answering the lookup.</summary>
    private async Task<IReadOnlyList<Contact>> KeepValidAsync(
        IReadOnlyList<Contact> contacts, RoutingTableSnapshot? known, CancellationToken cancellationToken)
    {
        var valid = new List<Contact>(contacts.Count);
        foreach (var some in contacts.Chunk(ParallelPings))
        {
            var judged = some.Select(c => known?.Contains(c) == true ? Task.FromResult(true) : IsValidAsync(c, cancellationToken)).ToList();
            for (var i = 0; i < some.Length; i++)
            {
                if (await judged[i])
                {
                    valid.Add(some[i]);
                }
            }
        }

        return valid;
    }

    private async Task<bool> IsValidAsync(Contact contact, CancellationToken cancellationToken)
    {
        var problem = await FindProblemAsync(contact, cancellationToken);
        if (problem is not null)
        {
            _logger.ContactNotValid(problem);
        }

        return problem is null;
    }
}

/// <summary>How a node walks at random through the network to meet contacts that no lookup led to.</summary>
public sealed record RandomWalkOptions
{
    /// <summary>Whether the table is refreshed at the interval. Default true; false leaves it to callers.</summary>
    public bool AutoRefresh { get; set; } = true;

    /// <summary>Time between refreshes, or up to a tenth less, so that nodes differ. 1 s to 1 day; default 300 s.</summary>
    public TimeSpan Interval { get; set; } = TimeSpan.FromSeconds(300);

    /// <summary>Contacts below which refreshes come at once, then after pauses from 1 s on. 0 to 1,000; default 4.</summary>
    public int MinTableSize { get; set; } = 4;

    /// <summary>Walks of one refresh, all at the same time. 1 to 64; default 3.</summary>
    public int Count { get; set; } = 3;

    /// <summary>The longest that one walk takes; it keeps what it found by then. 1 s to 1 hour; default 60 s.</summary>
    public TimeSpan Timeout { get; set; } = TimeSpan.FromSeconds(60);
}

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
    private volatile bool _isNotifying;

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

        Notify();
        return true;
    }

    private void Notify()
    {
        _isNotifying = true;
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

        _isNotifying = false;
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
