namespace KadOrleans.Node;

// Decides the time by which values expire. While the wall clock and the monotonic clock agree, it is the wall clock's. When the
// wall clock jumps ahead, time goes on by the monotonic clock until both agree for SettlingTime. A jump back is followed at once:
// nothing expires by it. Not safe for several threads.
internal sealed class ClockJudge(DateTimeOffset wall, TimeSpan elapsed)
{
    // Smaller, and the drift of a cheap clock is taken for a jump; larger, and values' lives may be that much too short.
    public static readonly TimeSpan Tolerance = SteadyAges.Tolerance;

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
