using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Node.Trust;

namespace KadOrleans.Node.Values;

/// <summary>
/// The bytes per second that republishing and hand-off may send together: half of <see cref="UploadLimits.Total"/>. Responses get what
/// they leave of it. Bytes are estimated before they are sent; retries are not counted.
/// </summary>
internal sealed class MaintenanceUpload(UploadBudget budget, TimeProvider time)
{
    /// <summary>Of the total, what maintenance may take. Without responses contacts drop this node, so they keep the other half.</summary>
    public const int Divisor = 2;

    /// <summary>The bytes of a FIND_NODE, and of a STORE without its value, rounded up.</summary>
    private const int RequestLength = 96;

    // The pace of the last rate. Those who wait when the rate changes wait on.
    private volatile Paced? _paced;

    public async Task WaitAsync(DhtValue value, int stores, int queries, CancellationToken cancellationToken)
    {
        var rate = budget.BytesPerSecond;
        if (rate > 0)
        {
            var paced = _paced is { } known && known.Rate == rate ? known : _paced = new Paced(rate, new SharedPace(time, rate / (double)Divisor));
            var bytes = ((stores + queries) * RequestLength) + (stores * value.ContentLength);
            await paced.Pace.WaitAsync(bytes, cancellationToken);
            budget.Spend(bytes);
        }
    }

    private sealed record Paced(long Rate, SharedPace Pace);
}
