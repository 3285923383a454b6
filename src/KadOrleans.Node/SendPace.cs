namespace KadOrleans.Node;

/// <summary>Spreads units of work over time. Not thread-safe.</summary>
internal sealed class SendPace(TimeProvider time, double perSecond)
{
    // Timers are late by some milliseconds; no more than this may follow at once.
    private static readonly TimeSpan Slack = TimeSpan.FromMilliseconds(50);

    private readonly double _interval = Math.Max(1, time.TimestampFrequency / perSecond);
    private readonly long _slack = (long)(Slack.TotalSeconds * time.TimestampFrequency);
    private double _next = time.GetTimestamp();

    public TimeSpan Wait => TimeSpan.FromSeconds((_next - time.GetTimestamp()) / time.TimestampFrequency);

    public void Count(double units = 1) => _next = Math.Max(_next, time.GetTimestamp() - _slack) + (units * _interval);
}

internal sealed class SharedPace(TimeProvider time, double perSecond)
{
    // Guards _pace.
    private readonly Lock _gate = new();
    private readonly SendPace _pace = new(time, perSecond);

    /// <summary>A caller that is cancelled has used its units.</summary>
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
