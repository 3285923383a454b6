namespace KadOrleans.Core.Routing;

internal sealed class BucketEntry(Contact contact, DateTimeOffset lastSeen, int failures = 0)
{
    // Failures within this time after a counted one are the same one, so that concurrent lookups cannot empty the table in one
    // short outage. It is as long as the longest timeout of a request.
    public static readonly TimeSpan FailurePause = TimeSpan.FromSeconds(5);

    private DateTimeOffset _lastFailure = DateTimeOffset.MinValue;

    public Contact Contact { get; } = contact;

    public DateTimeOffset FirstSeen { get; init; } = lastSeen;

    public DateTimeOffset LastSeen { get; private set; } = lastSeen;

    public int Failures { get; private set; } = failures;

    public DateTimeOffset LastCheck { get; set; } = DateTimeOffset.MinValue;

    public void Answered(DateTimeOffset now)
    {
        LastSeen = now;
        Failures = 0;
    }

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
