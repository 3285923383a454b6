namespace KadOrleans.Client;

internal readonly struct TimeLimit(TimeSpan length, TimeProvider time)
{
    private readonly long _started = time.GetTimestamp();

    public TimeSpan Left => length - time.GetElapsedTime(_started) is var left && left > TimeSpan.Zero ? left : TimeSpan.Zero;
}
