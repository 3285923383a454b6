namespace KadOrleans.Node;

// Decides the time by which values expire. While the wall clock and the steady clock agree, it is the wall clock's. When the
// wall clock jumps ahead, time goes on by the steady clock until both agree for SettlingTime. A jump back is followed at once:
// nothing expires by it. What was noted by a clock that turned out to be behind is to be moved then, until Corrected: also after a restart,
// which goes on from what this one knew. Not safe for several threads.
internal sealed class ClockJudge
{
    // Smaller, and the drift of a cheap clock is taken for a jump; larger, and values' lives may be that much too short.
    public static readonly TimeSpan Tolerance = SteadyAges.Tolerance;

    public static readonly TimeSpan SettlingTime = TimeSpan.FromMinutes(10);

    /// <summary>
    /// Where the steady clock stands still while the machine sleeps, a jump of less than a day moves nothing: a value that loses less than a day of
    /// its week is published again in time, and the nights of a machine that slept must not prolong lives.
    /// </summary>
    public static readonly TimeSpan SmallestWithSleep = TimeSpan.FromDays(1);

    /// <summary>Stretches that are remembered beside the present one. Older ones count as one.</summary>
    public const int MostPast = 16;

    private readonly TimeSpan _smallest;

    // Before the present one, the oldest first.
    private List<ClockStretch> _past;
    private DateTimeOffset _believedSince;

    // The wall clock's lead over the steady one in ticks, and when its present stretch of one pace began.
    private long _stretch;
    private TimeSpan _stretchBegan;

    /// <summary>Believes the wall clock.</summary>
    /// <param name="wall">The wall clock.</param>
    /// <param name="elapsed">The steady clock.</param>
    /// <param name="smallest">The smallest error for which noted times are moved. Null: <see cref="SmallestWithSleep"/>.</param>
    public ClockJudge(DateTimeOffset wall, TimeSpan elapsed, TimeSpan? smallest = null)
        : this([], wall, Lead(wall, elapsed), elapsed, smallest)
    {
    }

    private ClockJudge(List<ClockStretch> past, DateTimeOffset believedSince, long lead, TimeSpan elapsed, TimeSpan? smallest) =>
        (_past, _believedSince, _stretch, BelievedLead, _stretchBegan, _smallest) =
            (past, believedSince, lead, lead, elapsed, smallest ?? SmallestWithSleep);

    public bool Agrees { get; private set; } = true;

    /// <summary>The wall clock's lead over the steady one when it was last believed.</summary>
    public long BelievedLead { get; private set; }

    /// <summary>Whether the clocks have agreed for <see cref="SettlingTime"/>.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>What is to be moved, as the clock that noted it was behind the one that is believed now. Null while the clocks disagree.</summary>
    public ClockCorrection? Pending => Agrees && _past.Exists(IsBehind) ? new ClockCorrection(_past.Where(IsBehind), BelievedLead) : null;

    /// <summary>Whether what is expired may be removed for good.</summary>
    public bool CanExpire => IsSettled && !_past.Exists(IsBehind);

    /// <summary>Goes on from what an earlier run knew, if that was in the same boot. In another one only what it had yet to move is left of it.</summary>
    public static ClockJudge Resume(ClockRecord record, string? boot, DateTimeOffset wall, TimeSpan elapsed, TimeSpan? smallest = null)
    {
        ClockJudge judge;
        if (boot is not null && record.Boot == boot)
        {
            judge = new ClockJudge([.. record.Past], record.Since, record.Lead, elapsed, smallest);
        }
        else
        {
            judge = new ClockJudge(wall, elapsed, smallest);
            var shift = judge.BelievedLead - record.Lead;
            judge._past = [.. record.Past.Select(stretch => stretch with { Lead = stretch.Lead + shift }).Where(judge.IsBehind)];
        }

        judge.Cover();
        return judge;
    }

    public ClockRecord ToRecord(string? boot) => new(boot, [.. _past], _believedSince, BelievedLead);

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

    /// <summary>All that a correction is of was moved, and is noted as by the clock that it was moved to.</summary>
    public void Corrected(ClockCorrection correction) => _past.RemoveAll(correction.Stretches.Contains);

    public DateTimeOffset GetTime(DateTimeOffset wall, TimeSpan elapsed) =>
        Lead(wall, elapsed) - BelievedLead <= Tolerance.Ticks ? wall : Believed(elapsed);

    public static long Lead(DateTimeOffset wall, TimeSpan elapsed) => wall.UtcTicks - elapsed.Ticks;

    private bool IsBehind(ClockStretch stretch) => BelievedLead - stretch.Lead >= _smallest.Ticks;

    private DateTimeOffset Believed(TimeSpan elapsed) => new(BelievedLead + elapsed.Ticks, TimeSpan.Zero);

    private ClockVerdict.Parted? Part(long lead, DateTimeOffset wall, TimeSpan elapsed)
    {
        var isNew = Agrees;
        (_stretch, _stretchBegan) = (lead, elapsed);
        (Agrees, IsSettled) = (false, false);
        var jump = TimeSpan.FromTicks(lead - BelievedLead);
        if (jump < -Tolerance)
        {
            // What was noted until now is ahead of what follows, and right if that turns out to be behind.
            Believe(lead, wall, elapsed);
        }

        return isNew ? new ClockVerdict.Parted(jump) : null;
    }

    private ClockVerdict.Agreed? Settle(DateTimeOffset wall, TimeSpan elapsed)
    {
        var lead = Lead(wall, elapsed);
        var (by, wasParted) = (TimeSpan.FromTicks(lead - BelievedLead), !Agrees);
        if (by >= _smallest)
        {
            Believe(lead, wall, elapsed);
        }
        else if (by > Tolerance)
        {
            (BelievedLead, _believedSince) = (lead, wall);
        }

        (BelievedLead, _stretch, _stretchBegan) = (lead, lead, elapsed);
        (Agrees, IsSettled) = (true, true);
        Cover();
        return wasParted ? new ClockVerdict.Agreed(by) : null;
    }

    // Begins another stretch of the clock: from now on it is believed to be ahead by the lead.
    private void Believe(long lead, DateTimeOffset wall, TimeSpan elapsed)
    {
        Remember(new ClockStretch(_believedSince, Believed(elapsed), BelievedLead));
        (BelievedLead, _believedSince) = (lead, wall);
    }

    // What is to be moved is noted in the present stretch from the first of its times that is moved: a kill may come after any of them.
    private void Cover()
    {
        foreach (var moved in _past.Where(IsBehind).Select(stretch => stretch.MovedTo(BelievedLead)))
        {
            _believedSince = moved.Since < _believedSince ? moved.Since : _believedSince;
        }
    }

    private void Remember(ClockStretch stretch)
    {
        _past.Add(stretch);
        if (_past.Count > MostPast)
        {
            _past = [_past[0].With(_past[1]), .. _past.Skip(2)];
        }
    }
}

internal abstract record ClockVerdict
{
    /// <summary>The wall clock jumped; negative if it was set back.</summary>
    public sealed record Parted(TimeSpan By) : ClockVerdict;

    /// <summary>Both clocks go at one pace again, so long that the wall clock is believed; it was wrong by so much.</summary>
    public sealed record Agreed(TimeSpan By) : ClockVerdict;
}
