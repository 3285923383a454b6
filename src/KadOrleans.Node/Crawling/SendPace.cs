namespace KadOrleans.Node.Crawling;

/// <summary>
/// Spreads datagrams over time: each moves the time of the next by one interval. Not safe for several threads.
/// </summary>
internal sealed class SendPace(TimeProvider time, double perSecond)
{
    // Timers are late by some milliseconds; what was due meanwhile may follow at once, but no more than this.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(50);

    private readonly long _interval = Math.Max(1, (long)(time.TimestampFrequency / perSecond));
    private readonly long _slack = (long)(Slack.TotalSeconds * time.TimestampFrequency);
    private long _next = time.GetTimestamp();

    /// <summary>How long to wait before the next datagram; zero or less if none.</summary>
    public TimeSpan Wait => time.GetElapsedTime(time.GetTimestamp(), _next);

    /// <summary>Counts a datagram that is sent now.</summary>
    public void Count() => _next = Math.Max(_next, time.GetTimestamp() - _slack) + _interval;
}
