namespace KadOrleans.Node;

/// <summary>A process's clock: the system's, unless that jumps ahead of the steady clock.</summary>
internal sealed class ExpiryTime : TimeProvider
{
    // While the clocks disagree: no wall clock's lead comes near it.
    private const long NoLead = long.MaxValue / 2;

    /// <summary>By how much the believed lead may drift before it is another record. A restart that is off by it agrees even so.</summary>
    private static readonly TimeSpan RecordedDrift = TimeSpan.FromSeconds(10);

    /// <summary>How often the time since the boot is read while the clocks disagree: it is a file, and many ask for the time.</summary>
    private static readonly TimeSpan BootPause = TimeSpan.FromSeconds(1);

    private readonly TimeProvider _system;
    private readonly ILogger _logger;
    private readonly Func<BootTime?>? _readBoot;
    private readonly string? _boot;
    private readonly TimeSpan _elapsedAtStart;
    private readonly long _start;

    // Guards _judge, and changes of what follows.
    private readonly Lock _gate = new();
    private readonly ClockJudge _judge;

    // How long the machine slept since the start, in ticks: the system's timestamps leave that out.
    private long _slept;
    private TimeSpan _lookedAt;

    // The wall clock's lead while both agree, compared without the lock.
    private long _agreed = NoLead;
    private volatile ClockRecord _record;

    /// <param name="system">The system's clocks.</param>
    /// <param name="logger">The log.</param>
    /// <param name="readBoot">Reads the time since the machine's boot. Null: there is none, and each start is as one after a boot.</param>
    /// <param name="saved">What an earlier run knew.</param>
    public ExpiryTime(TimeProvider system, ILogger logger, Func<BootTime?>? readBoot = null, ClockRecord? saved = null)
    {
        (_system, _logger, _readBoot) = (system, logger, readBoot);
        var boot = readBoot?.Invoke();
        (_start, _boot, _elapsedAtStart) = (system.GetTimestamp(), boot?.Boot, boot?.Elapsed ?? TimeSpan.Zero);
        var (wall, elapsed) = Read();

        // Where sleep counts as time, a clock that is an hour off was set.
        TimeSpan? smallest = boot is null ? null : ClockJudge.Tolerance;
        _judge = saved is null ? new ClockJudge(wall, elapsed, smallest) : ClockJudge.Resume(saved, _boot, wall, elapsed, smallest);
        _record = _judge.ToRecord(_boot);
    }

    public override TimeZoneInfo LocalTimeZone => _system.LocalTimeZone;

    public override long TimestampFrequency => _system.TimestampFrequency;

    /// <summary>Whether what is expired may be removed for good.</summary>
    public bool CanExpire => Read((judge, _, _) => judge.CanExpire);

    public ClockStatus Status => Read((judge, at, elapsed) => new ClockStatus(judge.Agrees, at - judge.GetTime(at, elapsed)));

    /// <summary>What is known, to be kept. The same object while nothing changes.</summary>
    public ClockRecord Record => _record;

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
            if (elapsed - _lookedAt >= BootPause)
            {
                CountSleep();
            }

            (wall, elapsed) = Read();
            verdict = _judge.Notice(wall, elapsed);
            Publish();
            time = _judge.GetTime(wall, elapsed);
        }

        Tell(verdict);
        return time;
    }

    /// <summary>Compares the clocks, once a minute. Returns the correction to make, or null; it comes again until it is <see cref="Corrected"/>.</summary>
    public ClockCorrection? Check()
    {
        ClockVerdict? verdict;
        ClockCorrection? pending;
        lock (_gate)
        {
            CountSleep();
            var (wall, elapsed) = Read();
            verdict = _judge.Observe(wall, elapsed);
            pending = _judge.Pending;
            Publish();
        }

        Tell(verdict);
        return pending;
    }

    /// <summary>A correction has been made.</summary>
    public void Corrected(ClockCorrection correction)
    {
        lock (_gate)
        {
            _judge.Corrected(correction);
            Publish();
        }
    }

    // Under the lock.
    private void Publish()
    {
        Volatile.Write(ref _agreed, _judge.Agrees ? _judge.BelievedLead : NoLead);
        var record = _judge.ToRecord(_boot);
        if (Math.Abs(record.Lead - _record.Lead) > RecordedDrift.Ticks || record.Since != _record.Since || !record.Past.SequenceEqual(_record.Past))
        {
            _record = record;
        }
    }

    // Under the lock.
    private void CountSleep()
    {
        if (_boot is not null && _readBoot!() is { } now && now.Boot == _boot)
        {
            var slept = now.Elapsed - _elapsedAtStart - _system.GetElapsedTime(_start);
            _lookedAt = now.Elapsed;

            // Its hundredths of a second are not followed back and forth.
            if (slept.Ticks > _slept + TimeSpan.TicksPerSecond)
            {
                Volatile.Write(ref _slept, slept.Ticks);
            }
        }
    }

    private void Tell(ClockVerdict? verdict)
    {
        if (verdict is ClockVerdict.Parted { By: { Ticks: < 0 } back })
        {
            _logger.ClockSetBack(-back.TotalSeconds, ClockJudge.SettlingTime.TotalMinutes);
        }
        else if (verdict is ClockVerdict.Parted ahead)
        {
            _logger.ClocksParted(ahead.By.TotalSeconds, ClockJudge.SettlingTime.TotalMinutes);
        }
        else if (verdict is ClockVerdict.Agreed agreed)
        {
            _logger.ClocksAgreed(ClockJudge.SettlingTime.TotalMinutes, agreed.By.TotalSeconds);
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

    private (DateTimeOffset Wall, TimeSpan Elapsed) Read() =>
        (_system.GetUtcNow(), _elapsedAtStart + _system.GetElapsedTime(_start) + TimeSpan.FromTicks(Volatile.Read(ref _slept)));
}
