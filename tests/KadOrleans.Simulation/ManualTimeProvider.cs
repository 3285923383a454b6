namespace KadOrleans.Simulation;

/// <summary>
/// A clock that stands still until it is moved. Timers fire while it moves, in the order of their due times, and of their creation for
/// equal times. The same calls give the same order.
/// </summary>
public sealed class ManualTimeProvider : TimeProvider
{
    /// <summary>The time that every such clock begins at.</summary>
    public static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Guards _events, _sequence, _now and _wallShift.
    private readonly Lock _gate = new();
    private readonly EventQueue _events = new();
    private long _sequence;
    private long _now;
    private long _wallShift;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Time since the clock was made.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(GetTimestamp());

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _now);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Epoch + Elapsed + TimeSpan.FromTicks(Volatile.Read(ref _wallShift));

    /// <summary>Sets the wall clock ahead, or back; measured time and timers take no notice.</summary>
    public void SetWallClock(TimeSpan ahead)
    {
        lock (_gate)
        {
            Volatile.Write(ref _wallShift, _wallShift + ahead.Ticks);
        }
    }

    /// <inheritdoc/>
    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period)
    {
        var timer = new ManualTimer(this, callback, state);
        timer.Change(dueTime, period);
        return timer;
    }

    /// <summary>When the next timer is due, or null if none is set.</summary>
    public TimeSpan? NextDue
    {
        get
        {
            lock (_gate)
            {
                return _events.Peek() is { } next ? TimeSpan.FromTicks(next.Due) : null;
            }
        }
    }

    /// <summary>Moves the clock to the next timer's time and fires that one timer. False if none is set.</summary>
    public bool FireNext()
    {
        ScheduledEvent? next;
        lock (_gate)
        {
            next = _events.Peek();
            if (next is null)
            {
                return false;
            }

            _events.Remove(next);
            Volatile.Write(ref _now, Math.Max(_now, next.Due));
        }

        next.Fire();
        return true;
    }

    /// <summary>Moves the clock on, firing what is due on the way.</summary>
    public void Advance(TimeSpan by)
    {
        var end = Elapsed + by;
        while (NextDue is { } due && due <= end)
        {
            FireNext();
        }

        MoveTo(end);
    }

    /// <summary>Moves the clock without firing anything; never backwards.</summary>
    public void MoveTo(TimeSpan elapsed)
    {
        lock (_gate)
        {
            Volatile.Write(ref _now, Math.Max(_now, elapsed.Ticks));
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
