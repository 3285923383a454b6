namespace KadOrleans.Grains.Clocks;

/// <summary>A time, and what was measured since then.</summary>
/// <param name="Start">The time.</param>
/// <param name="At">The timestamp of that moment.</param>
internal sealed record MeasuredTime(DateTimeOffset Start, long At)
{
    /// <summary>The time at another timestamp of the same clock.</summary>
    public DateTimeOffset When(long timestamp, TimeProvider clock) => Start + clock.GetElapsedTime(At, timestamp);
}
