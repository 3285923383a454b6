namespace KadOrleans.Node;

/// <summary>A standalone node's clock: the system's, unless that jumps ahead of the monotonic clock.</summary>
internal sealed class ExpiryTime(TimeProvider system, ILogger logger) : TimeProvider
{
    // While the clocks disagree: no wall clock's lead comes near it.
    private const long NoLead = long.MaxValue / 2;

    private readonly long _start = system.GetTimestamp();

    // Guards _judge.
    private readonly Lock _gate = new();
    private readonly ClockJudge _judge = new(system.GetUtcNow(), TimeSpan.Zero);

    // The wall clock's lead while both agree, compared without the lock.
    private long _agreed = NoLead;

    public override TimeZoneInfo LocalTimeZone => system.LocalTimeZone;

    public override long TimestampFrequency => system.TimestampFrequency;

    public bool IsSettled => Read((judge, _, _) => judge.IsSettled);

    public ClockStatus Status => Read((judge, at, elapsed) => new ClockStatus(judge.Agrees, at - judge.GetTime(at, elapsed)));

    public override long GetTimestamp() => system.GetTimestamp();

    public override ITimer CreateTimer(TimerCallback callback, object? state, TimeSpan dueTime, TimeSpan period) =>
        system.CreateTimer(callback, state, dueTime, period);

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
            logger.ClocksParted(parted.By.TotalSeconds, ClockJudge.SettlingTime.TotalMinutes);
        }
        else if (verdict is ClockVerdict.Agreed agreed)
        {
            logger.ClocksAgreed(ClockJudge.SettlingTime.TotalMinutes, agreed.Correction.By.TotalSeconds);
        }
    }

    private T Read<T>(Func<ClockJudge, DateTimeOffset, TimeSpan, T> read)
    {
        var (wall, elapsed) = Read();
        lock (_gate)
        {
            return read(_judge, wall, elapsed);
        }
    }

    private (DateTimeOffset Wall, TimeSpan Elapsed) Read() => (system.GetUtcNow(), system.GetElapsedTime(_start));
}
