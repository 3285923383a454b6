using KadOrleans.Core.Values;
using KadOrleans.Node.Ports;
using Microsoft.Extensions.Logging;

namespace KadOrleans.Node.Diagnostics;

/// <summary>
/// Looks at the key store once a minute: tells it which keys are near by the contacts known now, and logs once when a quota
/// is reached and once when it no longer is.
/// </summary>
internal sealed class StoreWatch(DhtNode node, IKeyStore store, NodeEnvironment environment)
{
    /// <summary>Minutes without an evicted value or a refused STORE before a quota counts as no longer reached.</summary>
    public const int QuietLooks = 10;

    private static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<StoreWatch>();
    private ResponsibleArea _area;
    private (long Refused, long Evicted) _before;
    private bool _isReached;
    private int _quietLooks;

    /// <summary>Looks until cancelled. One failure never ends the loop.</summary>
    public async Task RunAsync(CancellationToken cancellationToken)
    {
        using var timer = new PeriodicTimer(Period, environment.Time);
        do
        {
            try
            {
                await LookAsync(cancellationToken);
            }
            catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
            {
                _logger.MaintenanceFailed(nameof(StoreWatch), e);
            }
        }
        while (await timer.WaitForNextTickAsync(cancellationToken));
    }

    private async Task LookAsync(CancellationToken cancellationToken)
    {
        var area = ResponsibleArea.Follow(_area, node.RoutingTable, node.Kademlia.BucketSize);
        if (area != _area)
        {
            store.SetArea(area);
            _area = area;
        }

        var now = (Refused: node.Metrics.StoresRefusedByQuota, store.Turnover.Evicted);
        var (refused, evicted) = (now.Refused - _before.Refused, now.Evicted - _before.Evicted);
        _before = now;
        _quietLooks = refused > 0 || evicted > 0 ? 0 : _quietLooks + 1;
        if (_isReached ? _quietLooks < QuietLooks : _quietLooks > 0)
        {
            return;
        }

        _isReached = !_isReached;
        var usage = await store.GetUsageAsync(cancellationToken);
        if (_isReached)
        {
            _logger.QuotaReached(usage.Keys, usage.Bytes, evicted, refused);
        }
        else
        {
            _logger.QuotaNoLongerReached(QuietLooks, usage.Keys, usage.Bytes);
        }
    }
}
