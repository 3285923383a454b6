namespace KadOrleans.Node;

/// <summary>The times that a node noted while it took the wall clock to be ahead of the steady one by <paramref name="Lead"/> ticks.</summary>
internal sealed record ClockStretch(DateTimeOffset Since, DateTimeOffset Until, long Lead)
{
    // A file has whole milliseconds: what was noted when the stretch began may seem to be from before.
    private static readonly TimeSpan Precision = TimeSpan.FromMilliseconds(1);

    public bool Contains(DateTimeOffset time) => time > Since - Precision && time <= Until;

    /// <summary>The same moments, as a clock with another lead would have noted them.</summary>
    public ClockStretch MovedTo(long lead) => new(Since.AddTicks(lead - Lead), Until.AddTicks(lead - Lead), lead);

    /// <summary>One stretch for two. Of what is noted in it nothing ends too early: it counts as noted by the clock that was further behind.</summary>
    public ClockStretch With(ClockStretch other) => new(
        Since < other.Since ? Since : other.Since, Until > other.Until ? Until : other.Until, Math.Min(Lead, other.Lead));
}

/// <summary>
/// What a node knows of its clock, to be kept with what it writes by it, so that a restart within one boot of the machine goes on from it.
/// </summary>
/// <param name="Boot">The boot of the machine; null where the system does not tell one.</param>
/// <param name="Past">Stretches before the present one, whose times are not, or not all, moved to it.</param>
/// <param name="Since">When the present stretch began, by itself.</param>
/// <param name="Lead">Its lead over the time since the boot, in ticks.</param>
internal sealed record ClockRecord(string? Boot, IReadOnlyList<ClockStretch> Past, DateTimeOffset Since, long Lead)
{
    /// <summary>Of a clock that was trusted: who reads it starts as after a boot.</summary>
    public static ClockRecord Unknown { get; } = new(null, [], DateTimeOffset.UnixEpoch, 0);
}
