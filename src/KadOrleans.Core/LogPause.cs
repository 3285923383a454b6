namespace KadOrleans.Core;

/// <summary>Lets a line into the log at most once a minute, where callers or strangers cause it again and again. Safe for several threads.</summary>
internal sealed class LogPause
{
    public static readonly TimeSpan Length = TimeSpan.FromMinutes(1);

    // Guards when a line was written last.
    private readonly Lock _gate = new();
    private TimeSpan? _loggedAt;

    /// <summary>Whether the line is to be written now: none was within the last minute.</summary>
    /// <param name="now">By a clock that does not jump, such as the time provider's elapsed time since its timestamp 0.</param>
    public bool TryLog(TimeSpan now)
    {
        lock (_gate)
        {
            if (_loggedAt is { } at && now - at < Length)
            {
                return false;
            }

            _loggedAt = now;
            return true;
        }
    }
}
