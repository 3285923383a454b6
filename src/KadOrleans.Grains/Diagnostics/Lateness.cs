namespace KadOrleans.Grains.Diagnostics;

/// <summary>How late a reminder came.</summary>
internal static class Lateness
{
    /// <summary>Timers may fire a little before their time.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(1);

    /// <summary>
    /// Time since the tick, which has a period, was due. If the one before it is known, the first that was due after that counts, however many
    /// were left out since; else only the part of a period that has passed can be told.
    /// </summary>
    public static TimeSpan Of(TickStatus status, DateTime? lastTick)
    {
        var due = DueAfter(status, (lastTick ?? status.CurrentTickTime - status.Period) + Early);
        return due < status.CurrentTickTime ? status.CurrentTickTime - due : TimeSpan.Zero;
    }

    /// <summary>The first time after another at which the reminder is due.</summary>
    private static DateTime DueAfter(TickStatus status, DateTime time)
    {
        if (time < status.FirstTickTime)
        {
            return status.FirstTickTime;
        }

        var periods = (time - status.FirstTickTime).Ticks / status.Period.Ticks;
        return status.FirstTickTime + (status.Period * (periods + 1));
    }
}
