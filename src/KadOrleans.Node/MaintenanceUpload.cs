namespace KadOrleans.Node;

/// <summary>Republishing and hand-off may send half of <see cref="UploadLimits.Total"/>; estimated, without retries.</summary>
internal sealed class MaintenanceUpload(UploadBudget budget, TimeProvider time)
{
    /// <summary>The other half is for responses: without them contacts drop this node.</summary>
    public const int Divisor = 2;

    /// <summary>A FIND_NODE, or a STORE without its value, rounded up.</summary>
    private const int RequestLength = 96;

    // Replaced when the rate changes. Who waits then waits as long as it was told before.
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
