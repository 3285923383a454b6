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

/// <summary>Republishing and hand-off may send half of <see cref="UploadLimits.Total"/>; estimated, without retries.</summary>
internal sealed class MaintenanceUpload(UploadBudget budget, TimeProvider time)
{
    /// <summary>The other half is for responses: without them contacts drop this node.</summary>
    public const int Divisor = 2;

    /// <summary>A FIND_NODE, or a STORE without its value, rounded up.</summary>
    private const int RequestLength = 96;

    // Callers that wait when the rate changes wait on.
    private volatile Paced? _paced;

    public async Task WaitAsync(DhtValue value, int stores, int queries, CancellationToken cancellationToken)
    {
        var rate = budget.BytesPerSecond;
        if (rate > 0)
        {
            var paced = _paced is { } known && known.Rate == rate ? known : _paced = new Paced(rate, new SendPace(time, rate / (double)Divisor));
            var bytes = ((stores + queries) * RequestLength) + (stores * value.ContentLength);
            await paced.Pace.WaitAsync(bytes, cancellationToken);
            budget.Spend(bytes);
        }
    }

    private sealed record Paced(long Rate, SendPace Pace);
}
