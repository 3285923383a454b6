namespace KadOrleans.Node;

// Brings the parts of a network together after a cut. Each minute it asks a former contact, and at times a bootstrap node that the
// table lacks. If one of them knows contacts near the own id that the table lacks, it belongs to another part: then the own id is
// looked up from there, and the farther buckets are refreshed. A minute later the values that were stored during the cut go
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

    /// <summary>A cluster's table hears of answers and failures a little later than its edge.</summary>
    private static readonly TimeSpan Settling = TimeSpan.FromSeconds(1);

    /// <summary>Addresses of one host name that are asked at once.</summary>
    private const int MaxAddresses = 4;

    /// <summary>Snapshots of the last minutes: what was known before contacts of the other part came by themselves.</summary>
    private const int KeptSnapshots = 4;

    /// <summary>Nodes of another part that a lookup begins from: all that answer at once, and some of the minutes before.</summary>
    private const int MaxInformants = 64;

    /// <summary>
    /// Refreshes after a merge, of up to 32 lookups each, in an hour: whoever has hosts in several subnets can feign a merge. Beyond that the
    /// farther buckets fill up by walks.
    /// </summary>
    private const int MaxRefreshes = 6;

    private static readonly TimeSpan RefreshWindow = TimeSpan.FromHours(1);

    /// <summary>Values that are sent out again: as many as the republisher collects. The other ones wait for their hour.</summary>
    private const int MaxSpread = 65_536;

    /// <summary>A shard that moves does not answer: so often, a minute apart, the values are asked for before they wait for their hour.</summary>
    private const int MaxTries = 5;

    private readonly ILogger _logger = environment.LoggerFactory.CreateLogger<PartitionRepair>();
    private readonly TimeProvider _time = environment.Time;
    private readonly BootstrapSchedule _bootstrap = new(node.Options.Bootstrap, environment.Time.GetUtcNow());
    private readonly SubnetDiversity _subnets = SubnetsOf(node.Options);
    private readonly MergePauses _pauses = new(SubnetsOf(node.Options));
    private readonly Queue<RoutingTableSnapshot> _snapshots = new();
    private readonly SlidingAllowance _refreshes = new(MaxRefreshes, RefreshWindow);
    private readonly long _startedAt = environment.Time.GetTimestamp();

    // Those of another part on whose word no lookup was made yet, oldest first.
    private readonly List<Informant> _informants = [];
    private bool _hasBegun;

    // When the part that is back was last heard, until its values are looked at or the table turns out the same.
    private (DateTimeOffset Since, DateTimeOffset NotedAt)? _apart;
    private DateTimeOffset _unknownAt = DateTimeOffset.MinValue;
    private (RoutingTableSnapshot Part, DateTimeOffset Since, int Tries)? _toSpread;

    private int BucketSize => node.Kademlia.BucketSize;

    /// <summary>Asks whom it is time for. Returns the time until the next check.</summary>
    public async Task<TimeSpan> CheckAsync(CancellationToken cancellationToken)
    {
        if (!_hasBegun)
        {
            // At a time of its own, so that nodes that were cut at once do not ask at once. By then the contacts of a run before have answered.
            _hasBegun = true;
            return period * (1 + DrawFraction());
        }

        await SpreadAsync(cancellationToken);
        var before = KeepSnapshot();
        if (await AskFormerAsync(cancellationToken))
        {
            // Others that were lost with them may be back too.
            await Task.Delay(Settling, _time, cancellationToken);
            await AskFormerAsync(cancellationToken);
        }

        await AskBootstrapAsync(cancellationToken);
        await MergeAsync(cancellationToken);
        PrepareSpread(before);
        return period;
    }

    /// <summary>Whether one answered.</summary>
    private async Task<bool> AskFormerAsync(CancellationToken cancellationToken)
    {
        var news = await node.Table.TakeFormerAsync(cancellationToken);
        Record(news.ApartSince);
        return await AskAsync(news.Due.Select(contact => contact.Endpoint), isBootstrap: false, cancellationToken);
    }

    /// <summary>Whether one answered. Those of another part are noted.</summary>
    private async Task<bool> AskAsync(IEnumerable<UdpEndpoint> endpoints, bool isBootstrap, CancellationToken cancellationToken)
    {
        var answers = await Task.WhenAll(
            endpoints.Where(IsForeign).Select(endpoint => AskAsync(endpoint, isBootstrap, cancellationToken)));
        foreach (var informant in answers.OfType<Informant>().Where(answer => answer.IsOfAnotherPart))
        {
            _informants.RemoveAll(one => one.Contact.Endpoint == informant.Contact.Endpoint);
            _informants.Add(informant);
        }

        _informants.RemoveRange(0, Math.Max(0, _informants.Count - MaxInformants));
        return answers.OfType<Informant>().Any();
    }

    private static SubnetDiversity SubnetsOf(KadNodeOptions options) => new(options.Subnets, AddressRangeSet.Parse(options.Trust));

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

    private async Task<Informant?> AskAsync(UdpEndpoint endpoint, bool isBootstrap, CancellationToken cancellationToken)
    {
        // Before its own contact is in the table, which it is as soon as it answers.
        var known = node.RoutingTable;
        node.Metrics.Add(NodeMetrics.FormerAsked);
        var pong = await node.PingAsync(endpoint, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        if (pong.Id is not { } id || id == node.Id || node.Bans.Contains(new Contact(id, endpoint)))
        {
            return null;
        }

        node.Metrics.Add(NodeMetrics.FormerAnswered);
        var contact = new Contact(id, endpoint);
        var named = await node.Queries.FindNodeAsync(contact, node.Id, cancellationToken);
        IReadOnlyList<Contact> possible = [.. named.Take(BucketSize).Where(one => IsPossible(one, endpoint))];
        return new Informant(contact, PartitionPolicy.IsOfAnotherPart(known, possible, BucketSize), isBootstrap, _time.GetUtcNow());
    }

    /// <summary>Whether a lookup would take this contact from that endpoint: else it would be made in vain.</summary>
    private bool IsPossible(Contact named, UdpEndpoint by) =>
        !node.Bans.Contains(named) && !node.Own.IsRefused(named) && AddressScope.Allows(by, named.Endpoint);

    private async Task AskBootstrapAsync(CancellationToken cancellationToken)
    {
        // With an empty table the node joins again, through all of them.
        if (node.RoutingTable.Count == 0 || _bootstrap.Take(_time.GetUtcNow()) is not { } host)
        {
            return;
        }

        // Of a name that all seeds share each address may be in another part.
        var (endpoints, _) = await node.Bootstrapper.ResolveAsync(host, cancellationToken);
        var known = node.RoutingTable.Contacts.Select(contact => contact.Endpoint).ToHashSet();
        var unknown = endpoints.Where(endpoint => IsForeign(endpoint) && !known.Contains(endpoint)).ToList();
        var hasAnswered = await AskAsync(_bootstrap.Choose(host, unknown, MaxAddresses), isBootstrap: true, cancellationToken);
        _bootstrap.Record(host, hasAnswered || unknown.Count < endpoints.Count, _time.GetUtcNow());
    }

    private async Task MergeAsync(CancellationToken cancellationToken)
    {
        var now = _time.GetUtcNow();
        _informants.RemoveAll(one => now.Since(one.At) >= Period * KeptSnapshots);
        var informants = _informants.FindAll(one => _pauses.MayMake(one.Contact.Endpoint, now));
        if (informants.Count == 0)
        {
            return;
        }

        _informants.RemoveAll(informants.Contains);
        node.Metrics.Add(NodeMetrics.Merges);
        var before = node.RoutingTable;
        Contact[] seeds = [.. informants.Select(one => one.Contact)];
        await node.Lookups.RunAsync(node.Id, seeds, cancellationToken);
        cancellationToken.ThrowIfCancellationRequested();
        await Task.Delay(Settling, _time, cancellationToken);
        var hasFound = PartitionPolicy.HasFound(before, node.RoutingTable, seeds, _subnets, BucketSize);
        _pauses.Made(seeds.Select(seed => seed.Endpoint), hasFound, _time.GetUtcNow());
        if (!hasFound)
        {
            return;
        }

        _logger.PartsMet(node.RoutingTable.Contacts.Count(contact => !before.Contains(contact)), node.RoutingTable.Count);
        if (informants.Exists(one => one.IsBootstrap))
        {
            RecordUnknownPart();
        }

        await RefreshAsync(cancellationToken);
    }

    private async Task RefreshAsync(CancellationToken cancellationToken)
    {
        var elapsed = _time.GetElapsedTime(_startedAt);
        if (_refreshes.TryBegin(elapsed))
        {
            _refreshes.End(elapsed, hasHappened: true);
            await maintenance.RefreshAfterMergeAsync(cancellationToken);
        }
    }

    // No former contact says how long that part was apart. What was stored earlier than a republish interval ago has been sent out since.
    // Once in such an interval: else strangers that come and go could have all values sent out each few minutes.
    private void RecordUnknownPart()
    {
        var (now, interval) = (_time.GetUtcNow(), node.Kademlia.RepublishInterval);
        if (now.Since(_unknownAt) >= interval)
        {
            _unknownAt = now;
            Record(now - interval);
        }
    }

    private void Record(DateTimeOffset? apartSince)
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
        if (_toSpread is not null || !PartitionPolicy.HasGrownTogether(before, node.RoutingTable, BucketSize))
        {
            return;
        }

        if (_apart is null)
        {
            // The other part's nodes came by themselves, or through a neighbour's bootstrap nodes.
            RecordUnknownPart();
        }

        if (_apart is { } apart)
        {
            (_toSpread, _apart) = ((before, apart.Since, 0), null);
            _snapshots.Clear();
        }
    }

    /// <summary>Has the values that this node is the nearest of its part to, and that were stored during the cut, sent out again.</summary>
    private async Task SpreadAsync(CancellationToken cancellationToken)
    {
        if (_toSpread is not { } spread)
        {
            return;
        }

        _toSpread = spread.Tries + 1 < MaxTries ? spread with { Tries = spread.Tries + 1 } : null;
        var region = PartitionPolicy.GetRegion(spread.Part);
        var keys = new List<NodeId>();
        try
        {
            await store.VisitAsync(region, Collect, cancellationToken);
        }
        catch (KeyStoreException e)
        {
            _logger.MaintenanceFailed(nameof(PartitionRepair), e);
            return;
        }

        _toSpread = null;
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

    /// <summary>Someone that was not known and has answered.</summary>
    private sealed record Informant(Contact Contact, bool IsOfAnotherPart, bool IsBootstrap, DateTimeOffset At);
}
