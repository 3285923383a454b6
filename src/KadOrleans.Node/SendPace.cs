namespace KadOrleans.Node;

/// <summary>Spreads work over time. Each unit moves the time of the next by one interval. Not safe for several threads.</summary>
internal sealed class SendPace(TimeProvider time, double perSecond)
{
    // Timers are late by some milliseconds; what was due meanwhile may follow at once, but no more than this.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(50);

    private readonly double _interval = Math.Max(1, time.TimestampFrequency / perSecond);
    private readonly long _slack = (long)(Slack.TotalSeconds * time.TimestampFrequency);
    private double _next = time.GetTimestamp();

    /// <summary>How long to wait before the next unit; zero or less if none.</summary>
    public TimeSpan Wait => TimeSpan.FromSeconds((_next - time.GetTimestamp()) / time.TimestampFrequency);

    /// <summary>Counts work that is done now, or as soon as <see cref="Wait"/> is over.</summary>
    public void Count(double units = 1) => _next = Math.Max(_next, time.GetTimestamp() - _slack) + (units * _interval);
}

/// <summary>Lets several workers share one rate, in the order of their calls.</summary>
internal sealed class SharedPace(TimeProvider time, double perSecond)
{
    // Guards _pace.
    private readonly Lock _gate = new();
    private readonly SendPace _pace = new(time, perSecond);

    /// <summary>Waits until it is the caller's turn. A caller that is cancelled has used its units.</summary>
    public Task WaitAsync(double units, CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (_gate)
        {
            wait = _pace.Wait;
            _pace.Count(units);
        }

        return wait > TimeSpan.Zero ? Task.Delay(wait, time, cancellationToken) : Task.CompletedTask;
    }
}
