namespace KadOrleans.Node;

/// <summary>Gets damaged values back from other holders, by majority. One from an untrusted holder counts in its network's quota.</summary>
internal sealed class LostValues(DhtNode node, IKeyStore store, IPublicationStore publications, NodeEnvironment environment)
{
    public static readonly TimeSpan CheckPause = TimeSpan.FromSeconds(10);

    /// <summary>Lookups a second: 72,000 keys an hour.</summary>
    private const double Rate = 20;

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<LostValues>();
    private readonly TimeProvider _time = environment.Time;
    private readonly AddressRangeSet _trusted = AddressRangeSet.Parse(node.Options.Trust);

    public async Task RunAsync(CancellationToken cancellationToken)
    {
        var keys = store.LostKeys;
        while (keys.Count > 0 && !node.HasGoodContact)
        {
            await Task.Delay(CheckPause, _time, cancellationToken);
        }

        var pause = TimeSpan.FromSeconds(1 / Math.Min(Rate, node.Options.RepublishRate));
        var found = 0;
        foreach (var key in keys)
        {
            // In the key's turn with its lookup: a key that is deleted meanwhile leaves nothing behind that would tell.
            found += await node.Turns.RunAsync(key, () => TryGetAsync(key, cancellationToken), cancellationToken) ? 1 : 0;
            await Task.Delay(pause, _time, cancellationToken);
        }

        if (keys.Count > 0)
        {
            _logger.LostValuesFound(found, keys.Count);
        }
    }

    private async Task<bool> TryGetAsync(NodeId key, CancellationToken cancellationToken)
    {
        try
        {
            if (await store.GetAsync(key, _time.GetUtcNow(), cancellationToken) is not null)
            {
                return true;
            }

            if (!store.IsLost(key))
            {
                // It was deleted, or set and has expired, while others were looked up.
                return false;
            }

            var outcome = await node.Lookups.AskAllHoldersAsync(key, cancellationToken);
            if (outcome is not { Value: { } value, Holder: { } holder, Reason: TerminationReason.ValueFound }
                || (outcome.Item is null && outcome.Agreed <= outcome.Differed))
            {
                return false;
            }

            var (now, most) = (_time.GetUtcNow(), node.Kademlia.ValueTimeToLive);
            var life = outcome.ValueLife ?? RemainingLife.WhenUnstated;
            var isOwn = await publications.GetAsync(key, cancellationToken) is { } publication && publication.Value == value;

            // The holder itself answered a request: nobody did so in its name.
            var source = isOwn || _trusted.Contains(holder.Endpoint)
                ? SourceNetwork.Trusted
                : SourceNetwork.Of(holder.Endpoint).WithProof(true);
            var copy = new StoredValue(value, now, now + (life < most ? life : most), source) { IsAuthored = isOwn };
            var terms = new PutTerms(PutKind.Copy) { Condition = PutCondition.NothingHeld };
            var isStored = await store.PutAsync(key, copy, terms, cancellationToken) == StoreResult.Stored;
            if (isStored)
            {
                node.Watches.Post(key, KeyNotice.Changed);
            }

            return isStored;
        }
        catch (Exception e) when (e is not OperationCanceledException || !cancellationToken.IsCancellationRequested)
        {
            _logger.MaintenanceFailed(nameof(LostValues), e);
            return false;
        }
    }
}
