namespace KadOrleans.Core;

internal static class ClockReadings
{
    extension(DateTimeOffset now)
    {
        /// <summary>How long ago a time was. A time ahead is from before the clock was set back, and counts as past.</summary>
        public TimeSpan Since(DateTimeOffset then) => (now - then).Duration();
    }
}
