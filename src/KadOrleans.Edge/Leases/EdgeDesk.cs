namespace KadOrleans.Edge;

/// <summary>Takes the calls of grains, for the node ids in turn. While no id is served they fail, and callers try another edge.</summary>
internal sealed class EdgeDesk : IEdgeDesk
{
    private volatile IReadOnlyList<EdgeNode> _nodes = [];
    private uint _turn;

    // Guards changes of _rules, and that no node is left with older ones.
    private readonly Lock _gate = new();
    private volatile EdgeRules _rules = new(0, []);

    public long RulesVersion => _rules.Version;

    /// <summary>Sets the nodes that calls go to. Without nodes all calls fail.</summary>
    public void Serve(IReadOnlyList<EdgeNode> nodes)
    {
        lock (_gate)
        {
            _nodes = nodes;
            Apply();
        }
    }

    /// <summary>Has the nodes follow these rules. Null: those that they have, once more, as a restored table may have banned contacts.</summary>
    public void Apply(EdgeRules? rules)
    {
        lock (_gate)
        {
            _rules = rules ?? _rules;
            Apply();
        }
    }

    public Task ConfirmAsync() => Task.CompletedTask;

    public Task OnSnapshotAsync(NodeId nodeId, RoutingTableSnapshot snapshot)
    {
        Find(nodeId)?.Table.Update(snapshot);
        return Task.CompletedTask;
    }

    public Task<bool> OnChangeAsync(NodeId nodeId, SnapshotChange change) => Task.FromResult(Find(nodeId)?.Table.Update(change) ?? true);

    public Task<bool> AcceptAsync(EdgeWork work)
    {
        if (_nodes.FirstOrDefault(n => n.Schedule.Serves(work)) is not { } node)
        {
            throw new NoLiveEdgeException("The edge does not serve the node id of this work: it is starting or stopping.");
        }

        CheckReach(work, node.Node);
        return Task.FromResult(node.Schedule.TryAccept(work));
    }

    /// <summary>An edge that reaches the silos and no contact would send values to nobody. Other edges may reach some.</summary>
    /// <exception cref="NoLiveEdgeException">It is such work, and no contact answers.</exception>
    internal static void CheckReach(EdgeWork work, DhtNode node)
    {
        if (work is RepublishWork && node is { MayBeFirst: false, HasGoodContact: false })
        {
            node.Metrics.Add(NodeMetrics.SweepsCutOff);
            throw new NoLiveEdgeException("No contact answers the edge.");
        }
    }

    public Task<GetResult> GetAsync(NodeId key, CancellationToken cancellationToken) => Next().GetFromContactsAsync(key, cancellationToken);

    public Task<SetResult> SetAsync(NodeId key, DhtValue value) => Next().SpreadAsync(key, value, life: null, CancellationToken.None);

    public Task<SetResult> SetForAsync(NodeId key, DhtValue value, TimeSpan life) =>
        Next().SpreadAsync(key, value, life, CancellationToken.None);

    public Task<LookupOutcome> FindNodeAsync(NodeId target, CancellationToken cancellationToken) =>
        Next().FindNodeAsync(target, cancellationToken);

    // Of items of banned owners it says nothing, as a lookup takes none.
    public async Task<IReadOnlyList<KeyHolder>> AskHoldersAsync(NodeId key, CancellationToken cancellationToken)
    {
        var node = Next();
        return
        [
            .. (await node.AskHoldersAsync(key, cancellationToken)).Select(holder =>
                holder.Value is { } value && node.Bans.ContainsOwnerOf(value) ? holder with { Value = null } : holder),
        ];
    }

    public Task<LookupTrace> TraceLookupAsync(NodeId target, LookupKind kind, CancellationToken cancellationToken) =>
        Next().Lookups.TraceAsync(target, kind, cancellationToken);

    public Task OnRulesAsync(EdgeRules rules)
    {
        lock (_gate)
        {
            // Two changes may arrive in the other order.
            if (rules.Version > _rules.Version)
            {
                Apply(rules);
            }
        }

        return Task.CompletedTask;
    }

    public Task<CrawlSliceProgress> CrawlSliceAsync(CrawlSliceOrder order) => Task.FromResult(Crawler.Crawl(order));

    public Task<byte[]?> ReadSliceAsync(string lease, int page) => Task.FromResult(Crawler.ReadPage(lease, page));

    public Task EndSliceAsync(string lease)
    {
        Crawler.End(lease);
        return Task.CompletedTask;
    }

    public Task<PingResult> PingAsync(UdpEndpoint endpoint) => Next().PingAsync(endpoint);

    private void Apply()
    {
        var bans = new BanSet(_rules.Bans.Where(text => Ban.TryParse(text, out _)).Select(Ban.Parse));
        foreach (var node in _nodes)
        {
            node.Node.Rules.Apply(bans, _rules.LimitEntries);
        }
    }

    private EdgeNode? Find(NodeId nodeId) => _nodes.FirstOrDefault(n => n.Id == nodeId);

    // One node crawls, so that an edge has one slice.
    private SliceCrawler Crawler => Served[0].Crawler;

    private IReadOnlyList<EdgeNode> Served => _nodes is { Count: > 0 } nodes
        ? nodes
        : throw new NoLiveEdgeException("The edge does not serve its node ids: it is starting or stopping.");

    private DhtNode Next()
    {
        var nodes = Served;
        return nodes[(int)(Interlocked.Increment(ref _turn) % (uint)nodes.Count)].Node;
    }
}
