namespace KadOrleans.Simulation;

/// <summary>
/// A clock that stands still until it is moved. Timers fire while it moves, in the order of their due times and, at
/// the same time, of their creation: the same calls give the same order.
/// </summary>
public sealed class ManualTimeProvider : TimeProvider
{
    private static readonly DateTimeOffset Epoch = new(2026, 1, 1, 0, 0, 0, TimeSpan.Zero);

    // Guards _timers, _sequence and _now.
    private readonly Lock _gate = new();
    private readonly PriorityQueue<ManualTimer, (long Due, long Sequence)> _timers = new();
    private long _sequence;
    private long _now;

    /// <inheritdoc/>
    public override long TimestampFrequency => TimeSpan.TicksPerSecond;

    /// <summary>Time since the clock was made.</summary>
    public TimeSpan Elapsed => TimeSpan.FromTicks(GetTimestamp());

    /// <inheritdoc/>
    public override long GetTimestamp() => Volatile.Read(ref _now);

    /// <inheritdoc/>
    public override DateTimeOffset GetUtcNow() => Epoch + Elapsed;

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
                while (_timers.TryPeek(out var timer, out var order))
                {
                    if (timer.IsScheduledFor(order.Sequence))
                    {
                        return TimeSpan.FromTicks(order.Due);
                    }

                    _timers.Dequeue();
                }

                return null;
            }
        }
    }

    /// <summary>Moves the clock to the next timer's time and fires that one timer. False if none is set.</summary>
    public bool FireNext()
    {
        ManualTimer? timer;
        lock (_gate)
        {
            while (true)
            {
                if (!_timers.TryDequeue(out timer, out var order))
                {
                    return false;
                }

                if (timer.IsScheduledFor(order.Sequence))
                {
                    Volatile.Write(ref _now, Math.Max(_now, order.Due));
                    break;
                }
            }
        }

        timer.Fire();
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

    private long Schedule(ManualTimer timer, TimeSpan dueIn)
    {
        lock (_gate)
        {
            var sequence = ++_sequence;
            _timers.Enqueue(timer, (_now + Math.Max(0, dueIn.Ticks), sequence));
            return sequence;
        }
    }

    private sealed class ManualTimer(ManualTimeProvider clock, TimerCallback callback, object? state) : ITimer
    {
        private long _scheduled;
        private TimeSpan _period;

        public bool IsScheduledFor(long sequence) => Volatile.Read(ref _scheduled) == sequence;

        public bool Change(TimeSpan dueTime, TimeSpan period)
        {
            _period = period;
            Volatile.Write(ref _scheduled, 0);
            if (dueTime != Timeout.InfiniteTimeSpan)
            {
                Volatile.Write(ref _scheduled, clock.Schedule(this, dueTime));
            }

            return true;
        }

        public void Fire()
        {
            Volatile.Write(ref _scheduled, 0);
            if (_period > TimeSpan.Zero)
            {
                Volatile.Write(ref _scheduled, clock.Schedule(this, _period));
            }

            callback(state);
        }

        public void Dispose() => Volatile.Write(ref _scheduled, 0);

        public ValueTask DisposeAsync()
        {
            Dispose();
            return ValueTask.CompletedTask;
        }
    }
}
