namespace KadOrleans.Node;

/// <summary>Spreads units of work over time.</summary>
internal sealed class SendPace(TimeProvider time, double perSecond)
{
    // Timers are late by some milliseconds: at most 50 ms of delay is made up for at once.
    private readonly long _slack = (long)(0.05 * time.TimestampFrequency);

    private readonly double _interval = Math.Max(1, time.TimestampFrequency / perSecond);

    // Guards _next for WaitAsync; other callers have a lock of their own.
    private readonly Lock _gate = new();
    private double _next = time.GetTimestamp();

    public TimeSpan Wait => TimeSpan.FromSeconds((_next - time.GetTimestamp()) / time.TimestampFrequency);

    public void Count(double units = 1) => _next = Math.Max(_next, time.GetTimestamp() - _slack) + (units * _interval);

    /// <summary>Waits and counts, for several callers. One that is cancelled has used its units.</summary>
    public Task WaitAsync(double units, CancellationToken cancellationToken)
    {
        TimeSpan wait;
        lock (_gate)
        {
            wait = Wait;
            Count(units);
        }

        return wait > TimeSpan.Zero ? Task.Delay(wait, time, cancellationToken) : Task.CompletedTask;
    }
}
