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

/// <summary>A node's view of the system's clock.</summary>
/// <param name="Agrees">Whether the wall clock has kept pace with the monotonic clock for the last ten minutes, or since the start.</param>
/// <param name="Ahead">How far the wall clock is ahead of the time that values expire by; zero unless it jumped ahead.</param>
public readonly record struct ClockStatus(bool Agrees, TimeSpan Ahead);

// Decides the time by which values expire. While the wall clock and the monotonic clock agree, it is the wall clock's. When the
// wall clock jumps ahead, time goes on by the monotonic clock until both agree for SettlingTime. A jump back is followed at once:
// nothing expires by it. Not safe for several threads.
internal sealed class ClockJudge(DateTimeOffset wall, TimeSpan elapsed)
{
    // Smaller, and the drift of a cheap clock is taken for a jump; larger, and values' lives may be that much too short.
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);

    public static readonly TimeSpan SettlingTime = TimeSpan.FromMinutes(10);

    // The wall clock's lead over the monotonic one in ticks: when it was last trusted, and when its present stretch began.
    private long _stretch = Lead(wall, elapsed);
    private TimeSpan _stretchBegan = elapsed;
    private DateTimeOffset _believedSince = wall;

    public bool Agrees { get; private set; } = true;

    public long BelievedLead { get; private set; } = Lead(wall, elapsed);

    /// <summary>Whether the clocks have agreed for <see cref="SettlingTime"/>: what is expired may be removed for good.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>Compares the clocks, to be done at least once a minute.</summary>
    public ClockVerdict? Observe(DateTimeOffset wall, TimeSpan elapsed)
    {
        var verdict = Notice(wall, elapsed);
        return verdict is null && elapsed - _stretchBegan >= SettlingTime ? Settle(wall, elapsed) : verdict;
    }

    public ClockVerdict? Notice(DateTimeOffset wall, TimeSpan elapsed)
    {
        var lead = Lead(wall, elapsed);
        return Math.Abs(lead - _stretch) > Tolerance.Ticks ? Part(lead, wall, elapsed) : null;
    }

    public DateTimeOffset GetTime(DateTimeOffset wall, TimeSpan elapsed) =>
        Lead(wall, elapsed) - BelievedLead <= Tolerance.Ticks ? wall : Believed(elapsed);

    public static long Lead(DateTimeOffset wall, TimeSpan elapsed) => wall.UtcTicks - elapsed.Ticks;

    private DateTimeOffset Believed(TimeSpan elapsed) => new(BelievedLead + elapsed.Ticks, TimeSpan.Zero);

    private ClockVerdict.Parted? Part(long lead, DateTimeOffset wall, TimeSpan elapsed)
    {
        var isNew = Agrees;
        (_stretch, _stretchBegan) = (lead, elapsed);
        (Agrees, IsSettled) = (false, false);
        var jump = TimeSpan.FromTicks(lead - BelievedLead);
        if (jump < -Tolerance)
        {
            BelievedLead = lead;
            _believedSince = wall;
        }

        return isNew ? new ClockVerdict.Parted(jump) : null;
    }

    private ClockVerdict.Agreed? Settle(DateTimeOffset wall, TimeSpan elapsed)
    {
        var lead = Lead(wall, elapsed);
        var wasParted = !Agrees;
        var correction = new ClockCorrection(TimeSpan.FromTicks(lead - BelievedLead), _believedSince, Believed(elapsed));
        BelievedLead = _stretch = lead;
        _stretchBegan = elapsed;
        (Agrees, IsSettled) = (true, true);
        if (!wasParted)
        {
            return null;
        }

        if (correction.By > Tolerance)
        {
            _believedSince = wall;
        }

        return new ClockVerdict.Agreed(correction);
    }
}

internal abstract record ClockVerdict
{
    /// <summary>The wall clock jumped; negative if it was set back.</summary>
    public sealed record Parted(TimeSpan By) : ClockVerdict;

    public sealed record Agreed(ClockCorrection Correction) : ClockVerdict;
}

// The wall clock was wrong and is right now. Times that it noted from Since to Until, by itself, are moved. Otherwise all values
// stored before NTP set the clock would expire together. By is zero if the clock came back to where it was.
internal sealed record ClockCorrection(TimeSpan By, DateTimeOffset Since, DateTimeOffset Until)
{
    // A smaller correction moves nothing: a value that loses less than a day of its week is published again in time. The nights
    // of a machine that slept must not prolong lives.
    public static readonly TimeSpan Smallest = TimeSpan.FromDays(1);

    public bool IsNeeded => By >= Smallest;

    // Null if its times are right. A value moves if the wrong clock stored it and its life could have begun by that clock. A
    // value of an earlier run that was stored again has the right end.
    public StoredValue? Move(StoredValue value, TimeSpan timeToLive) =>
        WasNoted(value.StoredAt) && value.ExpiresAt <= Until + timeToLive
            ? value with { StoredAt = value.StoredAt + By, ExpiresAt = value.ExpiresAt + By }
            : null;

    public DateTimeOffset? Move(DateTimeOffset publishedAt) => WasNoted(publishedAt) ? publishedAt + By : null;

    private bool WasNoted(DateTimeOffset time) => IsNeeded && time >= Since && time <= Until;
}
