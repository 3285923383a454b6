namespace KadOrleans.Grains.Dht;

/// <summary>A span of time that runs out, from its creation on.</summary>
internal readonly struct TimeLimit(TimeSpan length, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    /// <summary>What is left of it; never negative.</summary>
    public TimeSpan Left => length - time.GetElapsedTime(_started) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
}
