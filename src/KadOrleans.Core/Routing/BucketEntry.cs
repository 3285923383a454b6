namespace KadOrleans.Core.Routing;

/// <summary>A contact in its bucket.</summary>
internal sealed class BucketEntry(Contact contact, DateTimeOffset lastSeen, int failures = 0)
{
    /// <summary>
    /// Failures within this time of one that counted are the same failure: requests of several lookups that were under
    /// way together must not drop a contact, or empty the table, for one short outage. As long as the wire's patience.
    /// </summary>
    public static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(5);

    private DateTimeOffset _lastFailure = DateTimeOffset.MinValue;

    public Contact Contact { get; } = contact;

    /// <summary>When it last answered.</summary>
    public DateTimeOffset LastSeen { get; private set; } = lastSeen;

    /// <summary>Requests left unanswered since then.</summary>
    public int Failures { get; private set; } = failures;

    /// <summary>When the caller was last told to ping it.</summary>
    public DateTimeOffset LastCheck { get; set; } = DateTimeOffset.MinValue;

    public void Answered(DateTimeOffset now)
    {
        LastSeen = now;
        Failures = 0;
    }

    /// <summary>
    /// Counts a failure, unless one was counted within <see cref="FailurePause"/>. True if it was counted.
    /// </summary>
    public bool Failed(DateTimeOffset now)
    {
        if (Failures > 0 && now.Since(_lastFailure) < FailurePause)
        {
            return false;
        }

        _lastFailure = now;
        Failures++;
        return true;
    }
}
