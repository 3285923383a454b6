using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.EdgeWorker.Diagnostics;
using KadOrleans.Grains.Abstractions;
using KadOrleans.Grains.Abstractions.Edges;
using KadOrleans.Grains.Abstractions.Routing;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.EdgeWorker.Routing;

/// <summary>
/// The cluster's table of one node id, for the edge that leases the id. Reads use the newest pushed snapshot, so they need no silo.
/// <see cref="RunAsync"/> sends observations in batches. When another edge holds the lease it stops reporting and raises
/// <see cref="Fenced"/> once.
/// </summary>
internal sealed class ClusterRoutingTable : IRoutingTable
{
    private readonly NodeId _ownId;
    private readonly long _epoch;
    private readonly IRoutingTableGrain _grain;
    private readonly ILogger _logger;
    private readonly ObservationQueue _queue;
    private readonly ObservationSender _sender;
    private readonly SnapshotLag _lag;

    // Guards the replacement of _snapshot. Readers need no lock.
    private readonly Lock _gate = new();
    private volatile RoutingTableSnapshot _snapshot;

    // A table treats a reporter that did not subscribe as one whose lease is lost, so nothing is sent before.
    private readonly TaskCompletionSource _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isFenced;

    /// <summary>A table without contacts until the first snapshot.</summary>
    /// <param name="grains">A connected client's, or a silo's.</param>
    /// <param name="ownId">The leased id.</param>
    /// <param name="epoch">The lease's epoch.</param>
    /// <param name="time">For pauses.</param>
    /// <param name="logger">Logs when the table cannot be reached, and when it can again.</param>
    /// <param name="options">Null for the defaults.</param>
    public ClusterRoutingTable(
        IGrainFactory grains,
        NodeId ownId,
        long epoch,
        TimeProvider time,
        ILogger<ClusterRoutingTable> logger,
        ClusterRoutingTableOptions? options = null)
    {
        ArgumentNullException.ThrowIfNull(grains);
        ArgumentNullException.ThrowIfNull(time);
        ArgumentNullException.ThrowIfNull(logger);
        options ??= new ClusterRoutingTableOptions();
        (_ownId, _epoch, _logger) = (ownId, epoch, logger);
        _grain = grains.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(ownId));
        _queue = new ObservationQueue(options.Queue, options.MaxBatch);
        _sender = new ObservationSender(ownId, batch => _grain.ObserveAsync(epoch, batch), _queue, options, time, logger);
        _lag = new SnapshotLag(options.PushTimeout, time);
        _snapshot = RoutingTableSnapshot.Empty(ownId);
    }

    public event Action<Contact>? ContactAdded;

    public event Action<Contact>? CheckNeeded;

    /// <summary>Raised once, from any thread, when another edge turns out to hold the id: its node must stop using it.</summary>
    public event EventHandler? Fenced;

    /// <summary>Whether another edge holds the id.</summary>
    public bool IsFenced => Volatile.Read(ref _isFenced) != 0;

    /// <summary>The number of observations dropped because too many waited or the table refused them.</summary>
    public long Dropped => _queue.Dropped;

    /// <inheritdoc/>
    public RoutingTableSnapshot Snapshot => _snapshot;

    /// <summary>The number of grain calls, and of the observations in them, by a stable name.</summary>
    public IReadOnlyDictionary<string, long> Totals() => new SortedDictionary<string, long>(StringComparer.Ordinal)
    {
        ["table.calls"] = _sender.Calls,
        ["table.observations"] = _sender.Sent,
        ["table.observations.dropped"] = Dropped,
    };

    /// <inheritdoc/>
    public void Observe(ContactObservation observation)
    {
        if (!IsFenced)
        {
            _queue.Add(observation, _snapshot);
        }
    }

    /// <summary>Takes a pushed snapshot. Returns false if it is of another id, or not newer than the current one.</summary>
    public bool Update(RoutingTableSnapshot snapshot)
    {
        ArgumentNullException.ThrowIfNull(snapshot);
        lock (_gate)
        {
            if (snapshot.OwnId != _ownId || snapshot.Version <= _snapshot.Version)
            {
                return false;
            }

            _snapshot = snapshot;
        }

        _subscribed.TrySetResult();
        return true;
    }

    /// <summary>Takes a pushed change. Returns false if it is newer than the current snapshot and does not continue it.</summary>
    public bool Update(SnapshotChange change)
    {
        ArgumentNullException.ThrowIfNull(change);
        lock (_gate)
        {
            var newer = change.ApplyTo(_snapshot);
            _snapshot = newer ?? _snapshot;
            return newer is not null || (change.OwnId == _ownId && change.To <= _snapshot.Version);
        }
    }

    /// <summary>Subscribes an edge to the table's snapshots, or renews its subscription. Takes the newest snapshot.</summary>
    /// <exception cref="LeaseLostException">Another edge holds the id; <see cref="Fenced"/> was raised.</exception>
    public async ValueTask SubscribeAsync(IEdgeObserver edge)
    {
        try
        {
            if (await _grain.SubscribeForChangesAsync(_epoch, edge, _snapshot.Version) is { } newest)
            {
                Update(newest);
            }

            _subscribed.TrySetResult();
        }
        catch (LeaseLostException)
        {
            Fence();
            throw;
        }
    }

    /// <summary>
    /// Reports observations from the first subscription or snapshot on. Ends without an exception when cancelled or fenced. A failed batch
    /// is retried while newer observations wait; when too many wait the oldest are dropped. Call it once.
    /// </summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _subscribed.Task.WaitAsync(cancellationToken);
            while (!IsFenced)
            {
                if (!await _sender.AnyAsync(_lag.Left(_snapshot.Version), cancellationToken))
                {
                    await FetchAsync(cancellationToken);
                }
                else if (await _sender.SendNextAsync(cancellationToken) is { } answer)
                {
                    await ApplyAsync(answer, cancellationToken);
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    private async Task ApplyAsync(TableAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.IsFenced)
        {
            Fence();
            return;
        }

        foreach (var added in answer.Added)
        {
            ContactAdded?.Invoke(added);
        }

        foreach (var check in answer.Checks)
        {
            CheckNeeded?.Invoke(check);
        }

        if (_lag.IsBehind(answer.Version, _snapshot.Version))
        {
            await FetchAsync(cancellationToken);
        }
    }

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        _lag.Asked();
        try
        {
            // A silo that hangs must not hold up the end of an edge, which hands its lease back after this.
            var asked = _grain.GetSnapshotAsync().AsTask();
            GrainCalls.Ignore(asked);
            Update(await asked.WaitAsync(cancellationToken));
        }
        catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            // It is asked for again while it stays behind.
            _logger.TableUnreachable(e, _ownId);
        }
    }

    private void Fence()
    {
        if (Interlocked.Exchange(ref _isFenced, 1) == 0)
        {
            _logger.TableFenced(_ownId);
            Fenced?.Invoke(this, EventArgs.Empty);
        }
    }
}

/// <summary>How a <see cref="ClusterRoutingTable"/> batches and waits. The defaults suit an edge.</summary>
internal sealed record ClusterRoutingTableOptions
{
    /// <summary>How many observations may wait. Beyond that the oldest is dropped. Default 4,096: a few seconds of a busy edge.</summary>
    public int Queue { get; init; } = 4_096;

    /// <summary>The most observations in one grain call. Default 256.</summary>
    public int MaxBatch { get; init; } = 256;

    /// <summary>How long a batch that is not full waits for more observations. Default 100 ms.</summary>
    public TimeSpan BatchInterval { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The pause before a failed call is tried again; it doubles up to <see cref="LongestBackOff"/>. Default 100 ms.</summary>
    public TimeSpan FirstBackOff { get; init; } = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between retries. Default 5 s: a silo that is back gets observations within that time.</summary>
    public TimeSpan LongestBackOff { get; init; } = TimeSpan.FromSeconds(5);

    /// <summary>
    /// How long the snapshot may stay behind the table's version before the edge asks for it: a push may get lost. Default 1 s.
    /// </summary>
    public TimeSpan PushTimeout { get; init; } = TimeSpan.FromSeconds(1);
}
