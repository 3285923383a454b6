namespace KadOrleans.Grains.Diagnostics;

/// <summary>How late a reminder came.</summary>
internal static class Lateness
{
    /// <summary>Timers may fire a little before their time.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Time since the tick, which has a period, was due. If the one before it is known, the first that was due after that
    /// counts, however many were left out since; else only the part of a period that has passed can be told.
    /// </summary>
    public static TimeSpan Of(TickStatus status, DateTime? lastTick)
    {
        // All from the first tick on.
        var now = status.CurrentTickTime - status.FirstTickTime;
        var after = (lastTick is { } last ? last - status.FirstTickTime : now - status.Period) + Early;
        var due = after < TimeSpan.Zero ? TimeSpan.Zero : status.Period * ((after.Ticks / status.Period.Ticks) + 1);
        return due < now ? now - due : TimeSpan.Zero;
    }
}
