namespace KadOrleans.Node;

/// <summary>Once a minute: tells the key store which keys are near, and logs reached quotas and limits.</summary>
internal sealed class StoreWatch(DhtNode node, IKeyStore store, NodeEnvironment environment)
{
    /// <summary>Minutes without an eviction or refusal before a bound counts as no longer reached.</summary>
    public const int QuietChecks = 10;

    public static readonly TimeSpan Period = TimeSpan.FromMinutes(1);

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<StoreWatch>();
    private FollowedArea _area;
    private (long Refused, long Evicted, long RefusedChanges) _before;
    private Bound _quota;
    private (long Refused, long Evicted)? _untoldHits;
    private Bound _changes;

    public async Task<TimeSpan> CheckAsync(CancellationToken cancellationToken)
    {
        var before = _area.Area;
        _area = _area.Next(node.RoutingTable, node.NetworkSize, node.Kademlia.BucketSize, environment.Time.GetUtcNow());
        if (_area.Area != before)
        {
            store.SetArea(_area.Area);
        }

        await ReportQuotaAsync(cancellationToken);
        return Period;
    }

    private async Task ReportQuotaAsync(CancellationToken cancellationToken)
    {
        var now = (Refused: node.Metrics.StoresRefusedByQuota, store.Turnover.Evicted, node.Metrics.ChangesRefused);
        var (refused, evicted) = (now.Refused - _before.Refused, now.Evicted - _before.Evicted);
        var refusedChanges = now.ChangesRefused - _before.RefusedChanges;
        _before = now;
        ReportChanges(refusedChanges);
        if (_quota.Check(isHit: refused > 0 || evicted > 0))
        {
            _untoldHits = (refused, evicted);
        }

        if (_untoldHits is not { } hits)
        {
            return;
        }

        // A cluster's shard may not respond: then the next check tells it.
        var usage = await store.GetUsageAsync(cancellationToken);
        _untoldHits = null;
        if (_quota.IsReached)
        {
            _logger.QuotaReached(usage.Keys, usage.Bytes, hits.Evicted, hits.Refused);
        }
        else
        {
            _logger.QuotaNoLongerReached(QuietChecks, usage.Keys, usage.Bytes);
        }
    }

    private void ReportChanges(long refused)
    {
        if (!_changes.Check(isHit: refused > 0))
        {
            return;
        }

        if (!_changes.IsReached)
        {
            _logger.ChangeLimitNoLongerReached(QuietChecks);
        }
        else if (store.GetTopChanges(1) is [var most])
        {
            _logger.ChangeLimitReached(refused, most.Source.ToAccountText(), most.Changed);
        }
        else
        {
            _logger.ChangeLimitReachedElsewhere(refused);
        }
    }

    private struct Bound
    {
        private int _quietChecks;

        public bool IsReached { get; private set; }

        public bool Check(bool isHit)
        {
            _quietChecks = isHit ? 0 : _quietChecks + 1;
            if (IsReached ? _quietChecks < QuietChecks : _quietChecks > 0)
            {
                return false;
            }

            IsReached = !IsReached;
            return true;
        }
    }
}
