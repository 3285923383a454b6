using KadOrleans.Core;

namespace KadOrleans.Grains;

internal static class ReminderTimes
{
    private static readonly TimeSpan LeastFirst = TimeSpan.FromMinutes(1);

    /// <summary>Timers may fire a little before their time.</summary>
    private static readonly TimeSpan Early = TimeSpan.FromSeconds(1);

    /// <summary>
    /// The time until the first tick: a random part of the period, at least a minute. So reminders that were set together do not tick
    /// together.
    /// </summary>
    public static TimeSpan DrawFirst(IRandomSource random, TimeSpan period)
    {
        Span<byte> bytes = stackalloc byte[sizeof(ushort)];
        random.Fill(bytes);
        return LeastFirst + ((period - LeastFirst) * (BitConverter.ToUInt16(bytes) / (double)ushort.MaxValue));
    }

    /// <summary>
    /// How late a tick of a periodic reminder is. If the tick before is known, it is the time since the first one due after that, even if
    /// several were missed. Else only the elapsed part of a period is known.
    /// </summary>
    public static TimeSpan LatenessOf(TickStatus status, DateTime? lastTick)
    {
        // Measured from the first tick.
        var now = status.CurrentTickTime - status.FirstTickTime;
        var after = (lastTick is { } last ? last - status.FirstTickTime : now - status.Period) + Early;
        var due = after < TimeSpan.Zero ? TimeSpan.Zero : status.Period * ((after.Ticks / status.Period.Ticks) + 1);
        return due < now ? now - due : TimeSpan.Zero;
    }
}
