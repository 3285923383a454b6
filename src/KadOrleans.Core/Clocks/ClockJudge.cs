using KadOrleans.Core.Values;

namespace KadOrleans.Core.Clocks;

/// <summary>
/// Decides the time by which values expire. Two clocks are compared: the wall clock, which people and NTP set, and the monotonic clock,
/// which nobody sets. While they agree, values expire by the wall clock. When the wall clock jumps ahead, time goes on by the monotonic
/// clock until the wall clock has kept pace with it for <see cref="SettlingTime"/>. A jump back is followed at once: nothing expires by it.
/// Not safe for several threads.
/// </summary>
internal sealed class ClockJudge
{
    /// <summary>
    /// A wall clock that gains or loses no more than this within <see cref="SettlingTime"/> agrees. With a smaller tolerance the drift of a
    /// cheap clock counts as a jump. With a larger one values' lives may be that much too short.
    /// </summary>
    public static readonly TimeSpan Tolerance = TimeSpan.FromMinutes(1);

    /// <summary>How long both clocks must agree before the wall clock is believed.</summary>
    public static readonly TimeSpan SettlingTime = TimeSpan.FromMinutes(10);

    // The wall clock's lead over the monotonic one, in ticks: when it was last trusted, and when its present stretch began.
    private long _believed;
    private long _stretch;
    private TimeSpan _stretchBegan;
    private DateTimeOffset _believedSince;

    /// <summary>Trusts the wall clock at first, as there is nothing to compare it with.</summary>
    public ClockJudge(DateTimeOffset wall, TimeSpan elapsed)
    {
        _believed = _stretch = Lead(wall, elapsed);
        _stretchBegan = elapsed;
        _believedSince = wall;
    }

    /// <summary>Whether the clocks agree, or have not been seen to part.</summary>
    public bool Agrees { get; private set; } = true;

    /// <summary>Whether the clocks have agreed for <see cref="SettlingTime"/>, so that what is expired may be removed for good.</summary>
    public bool IsSettled { get; private set; }

    /// <summary>How far the wall clock is ahead of the monotonic one, in ticks, when it was believed last.</summary>
    public long BelievedLead => _believed;

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

    /// <summary>The time that values expire by.</summary>
    public DateTimeOffset GetTime(DateTimeOffset wall, TimeSpan elapsed) =>
        Lead(wall, elapsed) - _believed <= Tolerance.Ticks ? wall : new DateTimeOffset(_believed + elapsed.Ticks, TimeSpan.Zero);

    /// <summary>How far the wall clock is ahead of the monotonic one, in ticks.</summary>
    public static long Lead(DateTimeOffset wall, TimeSpan elapsed) => wall.UtcTicks - elapsed.Ticks;

    private ClockVerdict.Parted? Part(long lead, DateTimeOffset wall, TimeSpan elapsed)
    {
        var isNew = Agrees;
        (_stretch, _stretchBegan) = (lead, elapsed);
        (Agrees, IsSettled) = (false, false);
        var jump = TimeSpan.FromTicks(lead - _believed);
        if (jump < -Tolerance)
        {
            _believed = lead;
            _believedSince = wall;
        }

        return isNew ? new ClockVerdict.Parted(jump) : null;
    }

    private ClockVerdict.Agreed? Settle(DateTimeOffset wall, TimeSpan elapsed)
    {
        var lead = Lead(wall, elapsed);
        var wasParted = !Agrees;
        var correction = new ClockCorrection(
            TimeSpan.FromTicks(lead - _believed), _believedSince, new DateTimeOffset(_believed + elapsed.Ticks, TimeSpan.Zero));
        _believed = _stretch = lead;
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

    /// <summary>The clocks have parted and then agreed for <see cref="ClockJudge.SettlingTime"/>.</summary>
    public sealed record Agreed(ClockCorrection Correction) : ClockVerdict;
}

/// <summary>
/// The wall clock was wrong and is right now. Times that the wrong clock noted, from <c>Since</c> to <c>Until</c> by that clock, are moved.
/// Otherwise all values stored before NTP set the clock would expire together. <c>By</c> is zero if it came back to where it was.
/// </summary>
internal sealed record ClockCorrection(TimeSpan By, DateTimeOffset Since, DateTimeOffset Until)
{
    /// <summary>
    /// A smaller correction moves nothing: a value that loses less than a day of its week is published again in time. A machine that
    /// slept looks like one whose clock was set; its nights must not prolong lives.
    /// </summary>
    public static readonly TimeSpan Smallest = TimeSpan.FromDays(1);

    public bool IsNeeded => By >= Smallest;

    /// <summary>
    /// A value with its times moved; null if they are right. It is moved if the wrong clock stored it and its life could have begun by that
    /// clock. A value of an earlier run that was stored again has the right end.
    /// </summary>
    public StoredValue? Move(StoredValue value, TimeSpan timeToLive) =>
        WasNoted(value.StoredAt) && value.ExpiresAt <= Until + timeToLive
            ? value with { StoredAt = value.StoredAt + By, ExpiresAt = value.ExpiresAt + By }
            : null;

    public DateTimeOffset? Move(DateTimeOffset publishedAt) => WasNoted(publishedAt) ? publishedAt + By : null;

    private bool WasNoted(DateTimeOffset time) => IsNeeded && time >= Since && time <= Until;
}
