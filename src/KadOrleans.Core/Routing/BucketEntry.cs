namespace KadOrleans.Core.Routing;

/// <summary>A contact in its bucket.</summary>
internal sealed class BucketEntry(Contact contact, DateTimeOffset lastSeen, int failures = 0)
{
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

    public void Failed() => Failures++;
}
