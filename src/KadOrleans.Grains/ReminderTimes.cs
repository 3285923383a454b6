using KadOrleans.Core;

namespace KadOrleans.Grains;

/// <summary>When reminders come first, and how late they come.</summary>
internal static class ReminderTimes
{
    private static readonly TimeSpan LeastFirst = TimeSpan.FromMinutes(1);

    /// <summary>Timers may fire a little before their time.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(1);

    /// <summary>
    /// When a reminder comes first: after a random part of its period, a minute at least, so that what was set at once does
    /// not work at once for ever.
    /// </summary>
    public static TimeSpan DrawFirst(IRandomSource random, TimeSpan period)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        random.Fill(bytes);
        return LeastFirst + ((period - LeastFirst) * (BitConverter.ToUInt16(bytes) / (double)ushort.MaxValue));
    }

    /// <summary>
    /// Time since the tick, which has a period, was due. If the one before it is known, the first that was due after that
    /// counts, however many were left out since; else only the part of a period that has passed can be told.
    /// </summary>
    public static TimeSpan LatenessOf(TickStatus status, DateTime? lastTick)
    {
        // All from the first tick on.
        var now = status.CurrentTickTime - status.FirstTickTime;
        var after = (lastTick is { } last ? last - status.FirstTickTime : now - status.Period) + Early;
        var due = after < TimeSpan.Zero ? TimeSpan.Zero : status.Period * ((after.Ticks / status.Period.Ticks) + 1);
        return due < now ? now - due : TimeSpan.Zero;
    }
}
