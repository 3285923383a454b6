namespace KadOrleans.Edge;

// The cluster's table of one node id, for the edge that leases the id. Reads use the newest pushed snapshot, so they need no
// silo. RunAsync sends observations in batches. When another edge holds the lease it stops reporting and raises Fenced once.
internal sealed class ClusterRoutingTable(
    IGrainFactory grains,
    NodeId ownId,
    long epoch,
    TimeProvider time,
    ILogger<ClusterRoutingTable> logger,
    TimeSpan? pushTimeout = null) : IRoutingTable
{
    /// <summary>How many observations may wait: a few seconds of a busy edge. Beyond that the oldest is dropped.</summary>
    private const int MaxQueue = 4_096;

    private const int MaxBatch = 256;

    /// <summary>How long a batch that is not full waits for more observations.</summary>
    private static readonly TimeSpan BatchInterval = TimeSpan.FromMilliseconds(100);

    /// <summary>The longest pause between retries: a silo that is back gets observations within that time.</summary>
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(5);

    /// <summary>How long the snapshot may stay behind the table's version before the edge asks for it: a push may get lost.</summary>
    private static readonly TimeSpan PushTimeout = TimeSpan.FromSeconds(1);

    private readonly IRoutingTableGrain _grain = grains.GetGrain<IRoutingTableGrain>(GrainKeys.RoutingTable(ownId));
    private readonly ObservationQueue _queue = new(MaxQueue, MaxBatch);
    private readonly TimeSpan _pushTimeout = pushTimeout ?? PushTimeout;

    // The table's version that the snapshot is to reach, and since when. RunAsync alone uses them.
    private long _expected;
    private long _expectedSince;
    private long _calls;
    private long _sent;

    // Guards the replacement of _snapshot, whose readers need no lock, and _added.
    private readonly Lock _gate = new();

    // Contacts that the table has added since the snapshot's version, with the version that has them: whoever is told of one finds it there.
    // Of a doubtful one the table did not say that it was added.
    private readonly Queue<(Contact Contact, long Version, bool IsDoubtful)> _added = new();
    private volatile RoutingTableSnapshot _snapshot = RoutingTableSnapshot.Empty(ownId);

    // A table treats a reporter that did not subscribe as one whose lease is lost, so nothing is sent before.
    private readonly TaskCompletionSource _subscribed = new(TaskCreationOptions.RunContinuationsAsynchronously);
    private int _isFenced;

    // Former contacts that were asked for with the subscription, until the first check takes them.
    private FormerContactsNews? _formerAtStart;

    // As the table said last, once a minute: contacts that came since then have not been there for long.
    private volatile bool _hasHadContacts;

    /// <summary>Raised once the snapshot has the contact, which comes after the table's answer; from any thread.</summary>
    public event Action<Contact>? ContactAdded;

    public event Action<Contact>? CheckNeeded;

    /// <summary>Raised once, from any thread, when another edge turns out to hold the id: its node must stop using it.</summary>
    public event EventHandler? Fenced;

    public bool IsFenced => Volatile.Read(ref _isFenced) != 0;

    public long Dropped => _queue.Dropped;

    public bool HasHadContacts => _hasHadContacts;

    public RoutingTableSnapshot Snapshot => _snapshot;

    public IReadOnlyDictionary<string, long> Totals() => new SortedDictionary<string, long>(StringComparer.Ordinal)
    {
        ["table.calls"] = Interlocked.Read(ref _calls),
        ["table.observations"] = Interlocked.Read(ref _sent),
        ["table.observations.dropped"] = Dropped,
    };

    public void Observe(ContactObservation observation)
    {
        if (!IsFenced)
        {
            _queue.Add(observation, _snapshot);
        }
    }

    /// <summary>Learns whether the table had contacts before, so that an edge that is alone says so from its start.</summary>
    public async Task ReadFormerAsync(CancellationToken cancellationToken) => _formerAtStart = await FetchFormerAsync(cancellationToken);

    public async ValueTask<FormerContactsNews> TakeFormerAsync(CancellationToken cancellationToken)
    {
        try
        {
            return Interlocked.Exchange(ref _formerAtStart, null) ?? await FetchFormerAsync(cancellationToken);
        }
        catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            // The edge says elsewhere that no silo answers. It asks again in a minute.
            return FormerContactsNews.None;
        }
    }

    /// <summary>Takes a pushed snapshot. Returns false if it is of another id, or not newer than the current one.</summary>
    public bool Update(RoutingTableSnapshot snapshot)
    {
        lock (_gate)
        {
            if (snapshot.OwnId != ownId || snapshot.Version <= _snapshot.Version)
            {
                return false;
            }

            _snapshot = snapshot;
        }

        _subscribed.TrySetResult();
        TellAdded();
        return true;
    }

    /// <summary>Takes a pushed change. Returns false if it is newer than the current snapshot and does not continue it.</summary>
    public bool Update(SnapshotChange change)
    {
        lock (_gate)
        {
            var newer = change.ApplyTo(_snapshot);
            if (newer is null)
            {
                return change.OwnId == ownId && change.To <= _snapshot.Version;
            }

            _snapshot = newer;
        }

        TellAdded();
        return true;
    }

    /// <summary>Subscribes an edge to the table's snapshots, or renews its subscription. Takes the newest snapshot.</summary>
    /// <exception cref="LeaseLostException">Another edge holds the id; <see cref="Fenced"/> was raised.</exception>
    public async ValueTask SubscribeAsync(IEdgeDesk edge)
    {
        try
        {
            if (await _grain.SubscribeForChangesAsync(epoch, edge, _snapshot.Version) is { } newest)
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

    // Reports observations from the first subscription or snapshot on. Ends without an exception when cancelled or fenced. A
    // failed batch is retried while newer observations wait; when too many wait the oldest are dropped. Call it once.
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        try
        {
            await _subscribed.Task.WaitAsync(cancellationToken);
            while (!IsFenced)
            {
                var any = _queue.Any;
                await any.WaitAsync(TimeToFetch() ?? Timeout.InfiniteTimeSpan, time, cancellationToken)
                    .ConfigureAwait(ConfigureAwaitOptions.SuppressThrowing | ConfigureAwaitOptions.ContinueOnCapturedContext);
                cancellationToken.ThrowIfCancellationRequested();
                if (!any.IsCompleted)
                {
                    await FetchAsync(cancellationToken);
                }
                else
                {
                    await Task.WhenAny(_queue.Full, Task.Delay(BatchInterval, time, cancellationToken));
                    cancellationToken.ThrowIfCancellationRequested();
                    if (await SendAsync(_queue.Take(), cancellationToken) is { } answer)
                    {
                        await ApplyAsync(answer, cancellationToken);
                    }
                }
            }
        }
        catch (OperationCanceledException) when (cancellationToken.IsCancellationRequested)
        {
        }
    }

    // No observations: the table's answer has its former contacts.
    private async Task<FormerContactsNews> FetchFormerAsync(CancellationToken cancellationToken)
    {
        if (IsFenced)
        {
            return FormerContactsNews.None;
        }

        var asked = _grain.ObserveAsync(epoch, []).AsTask();
        GrainCalls.Ignore(asked);
        var answer = await asked.WaitAsync(cancellationToken);
        if (answer.IsFenced)
        {
            Fence();
            return FormerContactsNews.None;
        }

        _hasHadContacts = answer.HasLasting;
        return new FormerContactsNews(answer.Former ?? [], answer.HasLasting, answer.ApartSince);
    }

    // Null if the batch was dropped.
    private async Task<TableAnswer?> SendAsync(IReadOnlyList<ContactObservation> batch, CancellationToken cancellationToken)
    {
        BackOff? pauses = null;
        var before = _snapshot;
        while (true)
        {
            try
            {
                var answer = await CallAsync(batch, cancellationToken);
                if (pauses is null)
                {
                    return answer;
                }

                // A try before may have added some, and its answer was lost.
                logger.TableReachable(ownId);
                var answered = batch.Where(static one => one.Kind == ObservationKind.Answered).Select(static one => one.Contact);
                RecordAdded(answered.Except(answer.Added).Where(contact => !before.Contains(contact)), answer.Version, isDoubtful: true);
                return answer;
            }
            catch (ArgumentException e)
            {
                // The table refuses its content, and would refuse it again. Other failures may pass.
                _queue.CountDropped(batch.Count);
                logger.ObservationsRefused(e, ownId, batch.Count);
                return null;
            }
            catch (Exception e) when (e is not OutOfMemoryException)
            {
                cancellationToken.ThrowIfCancellationRequested();
                if (pauses is null)
                {
                    logger.TableUnreachable(e, ownId);
                }
            }

            pauses ??= new BackOff(BatchInterval, LongestPause);
            await Task.Delay(pauses.Next(), time, cancellationToken);
        }
    }

    private async Task<TableAnswer> CallAsync(IReadOnlyList<ContactObservation> batch, CancellationToken cancellationToken)
    {
        Interlocked.Increment(ref _calls);
        EdgeMetrics.TableCalls.Add(1);
        var answer = await _grain.ObserveAsync(epoch, batch).AsTask().WaitAsync(cancellationToken);
        if (!answer.IsFenced)
        {
            Interlocked.Add(ref _sent, batch.Count);
            EdgeMetrics.ObservationsSent.Add(batch.Count);
        }

        return answer;
    }

    private async Task ApplyAsync(TableAnswer answer, CancellationToken cancellationToken)
    {
        if (answer.IsFenced)
        {
            Fence();
            return;
        }

        RecordAdded(answer.Added, answer.Version);
        TellAdded();
        foreach (var check in answer.Checks)
        {
            CheckNeeded?.Invoke(check);
        }

        var left = TimeToFetch();
        (_expected, _expectedSince) = (Math.Max(_expected, answer.Version), left is null ? time.GetTimestamp() : _expectedSince);
        if (left == TimeSpan.Zero)
        {
            await FetchAsync(cancellationToken);
        }
    }

    private void RecordAdded(IEnumerable<Contact> contacts, long version, bool isDoubtful = false)
    {
        lock (_gate)
        {
            foreach (var contact in contacts)
            {
                _added.Enqueue((contact, version, isDoubtful));
            }
        }
    }

    private void TellAdded()
    {
        while (TakeAdded() is { } added)
        {
            ContactAdded?.Invoke(added);
        }
    }

    private Contact? TakeAdded()
    {
        lock (_gate)
        {
            while (_added.TryPeek(out var first) && first.Version <= _snapshot.Version)
            {
                _added.Dequeue();
                if (!first.IsDoubtful || _snapshot.Contains(first.Contact))
                {
                    return first.Contact;
                }
            }

            return null;
        }
    }

    /// <summary>The time until the snapshot is asked for, as a push may get lost. Null if it is not behind.</summary>
    private TimeSpan? TimeToFetch() => _snapshot.Version >= _expected
        ? null
        : TimeSpan.FromTicks(Math.Max(0, (_pushTimeout - time.GetElapsedTime(_expectedSince)).Ticks));

    private async Task FetchAsync(CancellationToken cancellationToken)
    {
        _expectedSince = time.GetTimestamp();
        try
        {
            // A silo that hangs must not delay the stop of an edge, which hands its lease back after this.
            var asked = _grain.GetSnapshotAsync().AsTask();
            GrainCalls.Ignore(asked);
            Update(await asked.WaitAsync(cancellationToken));
        }
        catch (Exception e) when (e is not OutOfMemoryException && !cancellationToken.IsCancellationRequested)
        {
            // It is asked for again while it stays behind.
            logger.TableUnreachable(e, ownId);
        }
    }

    private void Fence()
    {
        if (Interlocked.Exchange(ref _isFenced, 1) == 0)
        {
            logger.TableFenced(ownId);
            Fenced?.Invoke(this, EventArgs.Empty);
        }
    }
}

/// <summary>A queue that drops the oldest when full. Lookups in one bucket, and responses of one contact, count once.</summary>
internal sealed class ObservationQueue(int capacity, int batchSize)
{
    // Guards all fields. Signals are read without it.
    private readonly Lock _gate = new();
    private readonly Queue<ContactObservation> _waiting = new();
    private readonly HashSet<Contact> _answered = [];
    private readonly Dictionary<BucketRange, ContactObservation> _lookedUp = [];
    private TaskCompletionSource _any = NewSignal();
    private TaskCompletionSource _full = NewSignal();
    private long _dropped;

    public long Dropped => Interlocked.Read(ref _dropped);

    public Task Any => Volatile.Read(ref _any).Task;

    public Task Full => Volatile.Read(ref _full).Task;

    public void Add(ContactObservation observation, RoutingTableSnapshot snapshot)
    {
        lock (_gate)
        {
            if (observation.Kind == ObservationKind.LookedUp)
            {
                _lookedUp[RangeOf(observation.Contact.Id, snapshot)] = observation;
            }
            else if (observation.Kind is ObservationKind.Failed or ObservationKind.Dropped)
            {
                _answered.Remove(observation.Contact);
                _waiting.Enqueue(observation);
            }
            else if (_answered.Add(observation.Contact))
            {
                _waiting.Enqueue(observation);
            }

            DropOldest();
            Signal();
        }
    }

    /// <summary>The next batch, oldest first. Lookups come before the rest, as their order does not matter.</summary>
    public IReadOnlyList<ContactObservation> Take()
    {
        var batch = new List<ContactObservation>();
        lock (_gate)
        {
            foreach (var (range, lookup) in _lookedUp.Take(batchSize).ToList())
            {
                _lookedUp.Remove(range);
                batch.Add(lookup);
            }

            while (batch.Count < batchSize && _waiting.TryDequeue(out var observation))
            {
                Forget(observation);
                batch.Add(observation);
            }

            Signal();
        }

        return batch;
    }

    public void CountDropped(int count)
    {
        Interlocked.Add(ref _dropped, count);
        EdgeMetrics.ObservationsDropped.Add(count);
    }

    private static TaskCompletionSource NewSignal() => new(TaskCreationOptions.RunContinuationsAsynchronously);

    private static BucketRange RangeOf(NodeId target, RoutingTableSnapshot snapshot)
    {
        foreach (var room in snapshot.Rooms)
        {
            if (room.Range.Contains(target))
            {
                return room.Range;
            }
        }

        return BucketRange.Whole;
    }

    private void DropOldest()
    {
        var dropped = 0;
        while (_waiting.Count > capacity)
        {
            Forget(_waiting.Dequeue());
            dropped++;
        }

        while (_lookedUp.Count > capacity)
        {
            _lookedUp.Remove(_lookedUp.First().Key);
            dropped++;
        }

        if (dropped > 0)
        {
            CountDropped(dropped);
        }
    }

    private void Forget(ContactObservation observation)
    {
        if (observation.Kind == ObservationKind.Answered)
        {
            _answered.Remove(observation.Contact);
        }
    }

    private void Signal()
    {
        Signal(ref _any, _waiting.Count + _lookedUp.Count > 0);
        Signal(ref _full, _waiting.Count + _lookedUp.Count >= batchSize);
    }

    private static void Signal(ref TaskCompletionSource signal, bool isSet)
    {
        if (isSet)
        {
            signal.TrySetResult();
        }
        else if (signal.Task.IsCompleted)
        {
            signal = NewSignal();
        }
    }
}
