namespace KadOrleans.Node;

/// <summary>A standalone node's clock: the system's, unless that jumps ahead of the monotonic clock.</summary>
internal sealed class ExpiryTime : TimeProvider
{
    // While the clocks disagree: no wall clock's lead comes near it.
    private const long NoLead = long.MaxValue / 2;

    private readonly TimeProvider _system;
    private readonly ILogger _logger;
    private readonly long _start;

    // Guards _judge.
    private readonly Lock _gate = new();
    private readonly ClockJudge _judge;

    // The wall clock's lead while both agree, compared without the lock.
    private long _agreed;

    public ExpiryTime(TimeProvider system, ILogger logger)
    {
        (_system, _logger) = (system, logger);
        _start = system.GetTimestamp();
        _judge = new ClockJudge(system.GetUtcNow(), TimeSpan.Zero);
        _agreed = _judge.BelievedLead;
    }

    public override TimeZoneInfo LocalTimeZone => _system.LocalTimeZone;

    public override long TimestampFrequency => _system.TimestampFrequency;

    public bool IsSettled
    {
        get
        {
            lock (_gate)
            {
                return _judge.IsSettled;
            }
        }
    }

    public ClockStatus Status
    {
        get
        {
            var (wall, elapsed) = Read();
            lock (_gate)
            {
                return new ClockStatus(_judge.Agrees, wall - _judge.GetTime(wall, elapsed));
            }
        }
    }

    public override long GetTimestamp() => _system.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        _system.CreateTimer(callback, state, dueTime, period);

    public override DateTimeOffset GetUtcNow()
    {
        var (wall, elapsed) = Read();
        if (Math.Abs(ClockJudge.Lead(wall, elapsed) - Volatile.Read(ref _agreed)) <= ClockJudge.Tolerance.Ticks)
        {
            return wall;
        }

        ClockVerdict? verdict;
        DateTimeOffset time;
        lock (_gate)
        {
            verdict = _judge.Notice(wall, elapsed);
            Publish();
            time = _judge.GetTime(wall, elapsed);
        }

        Tell(verdict);
        return time;
    }

    /// <summary>Compares the clocks, once a minute. Returns the correction to make, or null.</summary>
    public ClockCorrection? Check()
    {
        ClockVerdict? verdict;
        lock (_gate)
        {
            var (wall, elapsed) = Read();
            verdict = _judge.Observe(wall, elapsed);
            Publish();
        }

        Tell(verdict);
        return verdict is ClockVerdict.Agreed { Correction: { IsNeeded: true } correction } ? correction : null;
    }

    // Under the lock.
    private void Publish() => Volatile.Write(ref _agreed, _judge.Agrees ? _judge.BelievedLead : NoLead);

    private void Tell(ClockVerdict? verdict)
    {
        if (verdict is ClockVerdict.Parted parted)
        {
            _logger.ClocksParted(parted.By.TotalSeconds, ClockJudge.SettlingTime.TotalMinutes);
        }
        else if (verdict is ClockVerdict.Agreed agreed)
        {
            _logger.ClocksAgreed(ClockJudge.SettlingTime.TotalMinutes, agreed.Correction.By.TotalSeconds);
        }
    }

    private (DateTimeOffset Wall, TimeSpan Elapsed) Read() => (_system.GetUtcNow(), _system.GetElapsedTime(_start));
}

/// <summary>A node's view of the system's clock.</summary>
/// <param name="Agrees">Whether the wall clock has kept pace with the monotonic clock for the last ten minutes, or since the start.</param>
/// <param name="Ahead">How far the wall clock is ahead of the time that values expire by; zero unless it jumped ahead.</param>
public readonly record struct ClockStatus(bool Agrees, TimeSpan Ahead);
