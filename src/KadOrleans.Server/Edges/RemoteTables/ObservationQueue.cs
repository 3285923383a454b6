namespace KadOrleans.Server;

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

    /// <summary>Completes when a full batch waits.</summary>
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
