namespace KadOrleans.Core;

/// <summary>Times of day that were noted, and may have been noted before the clock was set back.</summary>
internal static class ClockReadings
{
    extension(DateTimeOffset now)
    {
        /// <summary>How long ago something was; what lies ahead is from before the clock was set back, and as good as long past.</summary>
        public TimeSpan Since(DateTimeOffset then) => (now - then).Duration();
    }
}
