namespace KadOrleans.Node;

// Brings the parts of a network together after a cut. Each minute it asks a former contact, and at times a bootstrap node that the
// table lacks. If one of them knows contacts near the own id that the table lacks, it belongs to another part: then the own id is
// looked up from there, and the buckets are refreshed as after a join. A minute later the values that were stored during the cut go
// out once more, as their k nearest nodes may be others now.
internal sealed class PartitionRepair(
    DhtNode node,
    IKeyStore store,
    MaintenanceRunner maintenance,
    Republisher republisher,
    TimeSpan period,
    NodeEnvironment environment)
{
    public static readonly TimeSpan Period = FormerContacts.ShortestPause;

    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    /// <summary>Addresses of one host name that are asked at once.</summary>
    private const int MaxAddresses = 4;

    /// <summary>Snapshots of the last minutes: what was known before contacts of the other part came by themselves.</summary>
    private const int KeptSnapshots = 4;

    /// <summary>Values that are sent out again: as many as the republisher collects. The other ones wait for their hour.</summary>
    private const int MaxSpread = 65_536;

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<PartitionRepair>();
    private readonly TimeProvider _time = environment.Time;
    private readonly BootstrapSchedule _bootstrap = new(node.Options.Bootstrap, environment.Time.GetUtcNow());
    private readonly MergePauses _pauses = new();
    private readonly Queue<RoutingTableSnapshot> _snapshots = new();
    private bool _hasBegun;

    // When the part that is back was last heard, until its values are looked at or the table turns out the same.
    private (DateTimeOffset Since, DateTimeOffset NotedAt)? _apart;
    private (RoutingTableSnapshot Part, DateTimeOffset Since)? _toSpread;

    private int BucketSize => node.Kademlia.BucketSize;

    /// <summary>Asks whom it is time for. Returns the time until the next check.</summary>
    public async Task<TimeSpan> CheckAsync(CancellationToken cancellationToken)
    {
        if (!_hasBegun)
        {
            // At a time of its own, so that nodes that were cut at once do not ask at once.
            _hasBegun = true;
            return period * DrawFraction();
        }

        await SpreadAsync(cancellationToken);
        var before = KeepSnapshot();
        var answers = await AskFormerAsync(cancellationToken);
        if (answers.Count > 0)
        {
            // Others that were lost with them may be back too. A cluster's table hears of the answers a little later.
            await Task.Delay(Settling, _time, cancellationToken);
            answers = [.. answers, .. await AskFormerAsync(cancellationToken)];
        }

        await MergeAsync([.. answers, .. await AskBootstrapAsync(cancellationToken)], cancellationToken);
        PrepareSpread(before);
        return period;
    }

    private async Task<IReadOnlyList<Acquaintance>> AskFormerAsync(CancellationToken cancellationToken)
    {
        var news = await node.Table.TakeFormerAsync(cancellationToken);
        Note(news.ApartSince);
        return await AskAsync(news.Due.Select(contact => contact.Endpoint), cancellationToken);
    }

    private async Task<IReadOnlyList<Acquaintance>> AskAsync(IEnumerable<UdpEndpoint> endpoints, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(endpoints.Where(IsForeign).Select(endpoint => AskAsync(endpoint, cancellationToken)));
        return [.. answers.OfType<Acquaintance>()];
    }

    private double DrawFraction()
    {
        var draw = new byte[1];
        environment.Random.Fill(draw);
        return draw[0] / 256.0;
    }

    private RoutingTableSnapshot KeepSnapshot()
    {
        _snapshots.Enqueue(node.RoutingTable);
        while (_snapshots.Count > KeptSnapshots)
        {
            _snapshots.Dequeue();
        }

        return _snapshots.Peek();
    }

    private bool IsForeign(UdpEndpoint endpoint) => !node.Own.IsBound(endpoint);

    private async Task<Acquaintance?> AskAsync(UdpEndpoint endpoint, CancellationToken cancellationToken)
    {
        // Before its own contact is in the table, which it is as soon as it answers.
        var known = node.RoutingTable;
        node.Metrics.Add(NodeMetrics.FormerAsked);
        var pong = await node.PingAsync(endpoint, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (pong.Id is not { } id || id == node.Id)
        {
            return null;
        }

        node.Metrics.Add(NodeMetrics.FormerAnswered);
        var contact = new Contact(id, endpoint);
        var named = await node.Queries.FindNodeAsync(contact, node.Id, cancellationToken);
        return new Acquaintance(contact, PartitionPolicy.IsOfAnotherPart(known, named, BucketSize));
    }

    private async Task<IReadOnlyList<Acquaintance>> AskBootstrapAsync(CancellationToken cancellationToken)
    {
        // With an empty table the node joins again, through all of them.
        if (node.RoutingTable.Count == 0 || _bootstrap.Take(_time.GetUtcNow()) is not { } host)
        {
            return [];
        }

        var (endpoints, _) = await node.Bootstrapper.ResolveAsync(host, cancellationToken);
        var known = node.RoutingTable.Contacts.Select(contact => contact.Endpoint).ToHashSet();
        var isKnown = endpoints.Any(endpoint => known.Contains(endpoint) || !IsForeign(endpoint));
        var answers = isKnown ? [] : await AskAsync(endpoints.Take(MaxAddresses), cancellationToken);
        _bootstrap.Note(host, isKnown || answers.Count > 0, _time.GetUtcNow());
        return answers;
    }

    private async Task MergeAsync(IReadOnlyList<Acquaintance> answers, CancellationToken cancellationToken)
    {
        if (!answers.Any(answer => answer.IsOfAnotherPart) || !_pauses.MayLookUp(_time.GetUtcNow()))
        {
            return;
        }

        node.Metrics.Add(NodeMetrics.Merges);
        var before = node.RoutingTable;
        var outcome = await node.Lookups.RunAsync(node.Id, [.. answers.Select(answer => answer.Contact)], cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        var added = outcome.Closest.Count(contact => !before.Contains(contact));
        _pauses.LookedUp(added > 0, _time.GetUtcNow());
        if (added > 0)
        {
            _logger.PartsMet(added, node.RoutingTable.Count);
            await maintenance.RefreshAfterJoinAsync(cancellationToken);
        }
    }

    private void Note(DateTimeOffset? apartSince)
    {
        var now = _time.GetUtcNow();
        if (apartSince is { } since)
        {
            _apart = (_apart is { } noted && noted.Since < since ? noted.Since : since, now);
        }
        else if (_apart is { } noted && now.Since(noted.NotedAt) >= Period * KeptSnapshots)
        {
            _apart = null;
        }
    }

    private void PrepareSpread(RoutingTableSnapshot before)
    {
        if (_apart is { } apart && _toSpread is null && PartitionPolicy.HasGrownTogether(before, node.RoutingTable, BucketSize))
        {
            (_toSpread, _apart) = ((before, apart.Since), null);
        }
    }

    /// <summary>Has the values that this node is the nearest of its part to, and that were stored during the cut, sent out again.</summary>
    private async Task SpreadAsync(CancellationToken cancellationToken)
    {
        if (_toSpread is not { } spread)
        {
            return;
        }

        _toSpread = null;
        var region = PartitionPolicy.GetRegion(spread.Part);
        var keys = new List<NodeId>();
        await store.VisitAsync(region, Collect, cancellationToken);
        if (keys.Count > 0)
        {
            _logger.ValuesSpread(keys.Count);
            republisher.Enqueue(new MaintenanceTask.RepublishKeys(keys) { IsAfterCut = true });
        }

        void Collect(KeyLife life)
        {
            if (keys.Count < MaxSpread && life.StoredAt >= spread.Since && region.Contains(life.Key))
            {
                keys.Add(life.Key);
            }
        }
    }

    private sealed record Acquaintance(Contact Contact, bool IsOfAnotherPart);
}
