using KadOrleans.Core.Admission;
using KadOrleans.Core.Values;
using KadOrleans.Node.Trust;

namespace KadOrleans.Node.Values;

/// <summary>
/// The bytes per second that republishing and hand-off may send together: half of <see cref="UploadLimits.Total"/>. Responses get what
/// they leave of it. Bytes are estimated before they are sent; retries are not counted.
/// </summary>
internal sealed class MaintenanceUpload(UploadLimits limits, UploadBudget budget, TimeProvider time)
{
    /// <summary>Of the total, what maintenance may take. Without responses contacts drop this node, so they keep the other half.</summary>
    public const int Divisor = 2;

    /// <summary>The bytes of a FIND_NODE, and of a STORE without its value, rounded up.</summary>
    private const int RequestLength = 96;

    private readonly SharedPace? _pace = limits.Total == 0 ? null : new SharedPace(time, limits.Total / (double)Divisor);

    /// <summary>Waits until a value may be sent to some contacts.</summary>
    /// <param name="value">The value.</param>
    /// <param name="stores">To how many contacts.</param>
    /// <param name="queries">How many queries find them.</param>
    /// <param name="cancellationToken">Ends the wait.</param>
    public async Task WaitAsync(DhtValue value, int stores, int queries, CancellationToken cancellationToken)
    {
        if (_pace is not null)
        {
            var bytes = ((stores + queries) * RequestLength) + (stores * value.ContentLength);
            await _pace.WaitAsync(bytes, cancellationToken);
            budget.Spend(bytes);
        }
    }
}
