namespace KadOrleans.Lab;

/// <summary>
/// A clock that stands still until it is moved. Timers fire while it moves, in the order of their due times, and of their creation for
/// equal times. The same calls give the same order.
/// </summary>
/// <remarks>
/// Libraries wait in loops: they read the clock and wait for what is left, cut to whole milliseconds. Less than one is no wait, so such a
/// loop would read a clock that stands still for ever. After too many readings of one moment, each further one moves the clock by a tick.
/// </remarks>
public sealed class ManualTimeProvider : TimeProvider
{
    public static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // How many readings of one moment are no loop. A timer's callback reads the clock few times; elsewhere a test may store
    // a hundred thousand values in one moment.
    private const int CallbackReadings = 1_000;
    private const int Readings = 1_000_000;

    // Guards _events, _sequence, _now and _wallShift.
    private readonly Lock _gate = new();
    private readonly SortedSet<ScheduledEvent> _events = [];
    private long _sequence;
    private long _now;
    private long _wallShift;

    // The thread that a timer's callback runs on; 0 while none does.
    private int _firing;

    // Readings since the clock was moved or a timer fired. It is no exact count where several threads read.
    private int _readings;

    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    public TimeSpan Elapsed => TimeSpan.FromTicks(Volatile.Read(ref _now));

    public override long GetTimestamp()
    {
        var most = Volatile.Read(ref _firing) == Environment.CurrentManagedThreadId ? CallbackReadings : Readings;
        return Volatile.Read(ref _readings) < most ? CountReading() : Creep();
    }

    public override DateTimeOffset GetUtcNow() => Epoch + TimeSpan.FromTicks(GetTimestamp() + Volatile.Read(ref _wallShift));

    /// <summary>Sets the wall clock ahead, or back; measured time and timers take no notice.</summary>
    public void SetWallClock(TimeSpan ahead)
    {
        lock (_gate)
        {
            Volatile.Write(ref _wallShift, _wallShift + ahead.Ticks);
        }
    }

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    public TimeSpan? NextDue
    {
        get
        {
            lock (_gate)
            {
                return _events.Min is { } next ? TimeSpan.FromTicks(next.Due) : null;
            }
        }
    }

    /// <summary>Moves the clock to the next timer's time and fires that one timer. False if none is set.</summary>
    public bool FireNext()
    {
        ScheduledEvent? next;
        lock (_gate)
        {
            next = _events.Min;
            if (next is null)
            {
                return false;
            }

            _events.Remove(next);
            Volatile.Write(ref _now, Math.Max(_now, next.Due));
            Volatile.Write(ref _readings, 0);
        }

        Fire(next);
        return true;
    }

    public void Advance(TimeSpan by)
    {
        var end = Elapsed + by;
        while (NextDue is { } due && due <= end)
        {
            FireNext();
        }

        MoveTo(end);
    }

    public void MoveTo(TimeSpan elapsed)
    {
        lock (_gate)
        {
            if (elapsed.Ticks > _now)
            {
                Volatile.Write(ref _now, elapsed.Ticks);
                Volatile.Write(ref _readings, 0);
            }
        }
    }

    /// <summary>Sets an event on the clock, in place of the time it was set for before.</summary>
    internal void Schedule(ScheduledEvent item, TimeSpan dueIn)
    {
        lock (_gate)
        {
            _events.Remove(item);
            item.Due = _now + Math.Max(0, dueIn.Ticks);
            item.Sequence = ++_sequence;
            _events.Add(item);
        }
    }

    // A callback may move the clock itself, and so fire others.
    private void Fire(ScheduledEvent item)
    {
        var outer = _firing;
        Volatile.Write(ref _firing, Environment.CurrentManagedThreadId);
        try
        {
            item.Fire();
        }
        finally
        {
            Volatile.Write(ref _firing, outer);
        }
    }

    private long CountReading()
    {
        Volatile.Write(ref _readings, _readings + 1);
        return Volatile.Read(ref _now);
    }

    private long Creep()
    {
        lock (_gate)
        {
            Volatile.Write(ref _now, _now + 1);
            return _now;
        }
    }

    private void Cancel(ScheduledEvent item)
    {
        lock (_gate)
        {
            _events.Remove(item);
        }
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state)
        : ScheduledEvent, ITimer
    {
        private TimeSpan _period;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            if (dueTime == Timeout.InfiniteTimeSpan)
            {
                clock.Cancel(this);
            }
            else
            {
                clock.Schedule(this, dueTime);
            }

            return true;
        }

        public override void Fire()
        {
            if (_period > TimeSpan.Zero)
            {
                clock.Schedule(this, _period);
            }

            callback(state);
        }

        public void Dispose() => clock.Cancel(this);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}

/// <summary>Something that happens at a virtual time. Belongs to one clock at a time.</summary>
internal abstract class ScheduledEvent : IComparable<ScheduledEvent>
{
    /// <summary>When, in ticks of virtual time.</summary>
    public long Due { get; set; }

    /// <summary>Its place among those of the same time.</summary>
    public long Sequence { get; set; }

    public int CompareTo(ScheduledEvent? other) => (Due, Sequence).CompareTo((other!.Due, other.Sequence));

    public abstract void Fire();
}
