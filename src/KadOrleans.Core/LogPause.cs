namespace KadOrleans.Core;

/// <summary>Lets a line into the log at most once a minute, where callers or strangers cause it again and again. Safe for several threads.</summary>
internal sealed class LogPause(TimeProvider time)
{
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    private readonly Lock _gate = new();

    // Guarded by the gate.
    private long? _loggedAt;

    /// <summary>Whether the line is to be written now: none was within the last minute.</summary>
    public bool TryLog()
    {
        lock (_gate)
        {
            if (_loggedAt is { } at && time.GetElapsedTime(at) < Length)
            {
                return false;
            }

            _loggedAt = time.GetTimestamp();
            return true;
        }
    }
}
