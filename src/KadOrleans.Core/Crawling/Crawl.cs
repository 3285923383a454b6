using System.Diagnostics.CodeAnalysis;

namespace KadOrleans.Core;

// Visits every reachable node of a network, as a state machine. Each gets a PING for its id, then FIND_NODE for its whole table, then the
// contacts that it names. Strangers' contacts are bounded by CrawlOptions.MaxNodes, MaxPerNetwork and MaxUnproven. Not
// thread-safe.
internal sealed class Crawl
{
    // Endpoints that one node may name first without a node answering there. Its walk then waits for those not asked yet, and
    // ends if none answers. If half of a network's nodes have left, a table has some 200: a lower bound cuts honest walks short.
    public const int MaxUnproven = 512;

    // Endpoints of one public /24 or /48 that others name: one host can answer at 65,535 ports. An honest /24 has a few hundred.
    public const int MaxPerNetwork = 2_048;

    /// <summary>With their retries and a fifth of all datagrams lost, 2 nodes of 1,000 miss all.</summary>
    public const int MaxPings = 3;

    // A node that answered before is worth more retries. One that pings strangers first needs several datagrams to arrive.
    private const int MaxFailures = 8;

    private readonly CrawlOptions _options;
    private readonly IRandomSource _random;
    private readonly Dictionary<UdpEndpoint, CrawledNode> _nodes = [];
    private readonly Dictionary<SourceNetwork, int> _networks = [];
    private readonly Queue<CrawledNode> _walking = new();
    private readonly Queue<CrawledNode> _waiting = new();
    private readonly Queue<CrawledNode> _again = new();
    private readonly Dictionary<UdpEndpoint, CrawledNode> _changed = [];
    private readonly int[] _states = new int[Enum.GetValues<CrawlState>().Length];
    private int _underWay;
    private long _refused;
    private long _overflow;

    public Crawl(CrawlOptions options, IRandomSource random)
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(options.Concurrency, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.Concurrency, CrawlOptions.HighestConcurrency);
        ArgumentOutOfRangeException.ThrowIfLessThan(options.MaxNodes, 1);
        ArgumentOutOfRangeException.ThrowIfGreaterThan(options.MaxNodes, CrawlOptions.HighestMaxNodes);
        (_options, _random) = (options, random);
    }

    public bool IsDone => _underWay == 0 && _walking.Count == 0 && _waiting.Count == 0 && _again.Count == 0;

    public CrawlCounts Counts
    {
        get
        {
            // A whole network is counted as it goes: many ask while every response waits.
            var inRegion = _options.Region.Depth == 0 ? null : Records.CountBy(record => record.State).ToDictionary();
            return new CrawlCounts(
                Count(CrawlState.Visiting) + Count(CrawlState.Visited),
                Count(CrawlState.Visited),
                Count(CrawlState.Waiting),
                Count(CrawlState.Unreachable),
                Count(CrawlState.NotANode),
                _refused,
                _overflow);

            int Count(CrawlState state) => inRegion?.GetValueOrDefault(state) ?? _states[(int)state];
        }
    }

    public IEnumerable<CrawlRecord> Records => _nodes.Values.Select(n => n.Record).Where(IsWanted);

    public void Add(UdpEndpoint endpoint)
    {
        if (endpoint.IsUnicast)
        {
            AddNode(NewNode(endpoint, null));
        }
    }

    public void Add(Contact contact)
    {
        Add(contact.Endpoint);
        _nodes.GetValueOrDefault(contact.Endpoint)?.Claim(contact.Id);
    }

    /// <summary>Results stay, and unfinished endpoints are asked again. The last record of one counts.</summary>
    public void Restore(CrawlRecord record)
    {
        if (_nodes.Remove(record.Endpoint, out var former))
        {
            _states[(int)former.Record.State]--;
        }

        var isOver = record.State is not (CrawlState.Waiting or CrawlState.Visiting);
        AddNode(new CrawledNode(
            isOver ? record : record with { State = CrawlState.Waiting, Id = null, Contacts = 0, Queries = 0, RoundTrip = null }, null));
        _changed.Remove(record.Endpoint);
    }

    public bool TryNext(out CrawlQuery query)
    {
        query = default;
        if (_underWay >= _options.Concurrency || (!_walking.TryDequeue(out var node) && !TryDequeueWaiting(out node)))
        {
            return false;
        }

        query = new CrawlQuery(node.Endpoint, node.Walk?.Target);
        _underWay++;
        return true;
    }

    public void OnPong(UdpEndpoint endpoint, NodeId? id, TimeSpan roundTrip)
    {
        if (Settle(endpoint) is not { Walk: null } node)
        {
            return;
        }

        node.Measure(roundTrip);
        if (id is not { } known || known == _options.IgnoredId)
        {
            Enter(node, CrawlState.NotANode);
            CountForNamer(node, isAlive: false);
            return;
        }

        node.Record = node.Record with { Id = known, ClaimedIds = [.. node.Record.ClaimedIds.Where(claimed => claimed != known)] };
        node.Walk = new TableWalk(known, _random, _options.IgnoredId, _options.Region);
        Enter(node, CrawlState.Visiting);
        CountForNamer(node, isAlive: true);
        _walking.Enqueue(node);
    }

    public void OnNodes(
        UdpEndpoint endpoint, ReadOnlySpan<Contact> contacts, TimeSpan roundTrip, AddressForm form = AddressForm.Unknown)
    {
        if (Settle(endpoint) is not { Walk: { } walk } node)
        {
            return;
        }

        node.Measure(roundTrip);
        Hear(node, walk.Add(contacts));
        node.Record = node.Record with
        {
            Contacts = walk.Contacts,
            Queries = walk.Queries,
            Form = form == AddressForm.Unknown ? node.Record.Form : form,
        };
        GoOn(node, walk);
    }

    /// <summary>After a final failure a retry is useless: the system cannot send there.</summary>
    public void OnFailed(UdpEndpoint endpoint, bool isFinal)
    {
        if (Settle(endpoint) is not { } node)
        {
            return;
        }

        node.Failures++;
        if (!isFinal && node.Failures < (node.Walk is null ? MaxPings : MaxFailures))
        {
            _again.Enqueue(node);
        }
        else if (node.Walk is null)
        {
            Enter(node, CrawlState.Unreachable);
            CountForNamer(node, isAlive: false);
        }
        else
        {
            EndWalk(node);
        }
    }

    public IReadOnlyList<CrawlRecord> TakeChanges()
    {
        var changes = _changed.Values.Select(n => n.Record).ToList();
        _changed.Clear();
        return changes;
    }

    // A record that was restored again is in the queue twice: only the entry that counts is asked.
    private bool TryDequeueWaiting([NotNullWhen(true)] out CrawledNode? node)
    {
        while (_waiting.TryDequeue(out node) || _again.TryDequeue(out node))
        {
            if (_nodes.TryGetValue(node.Endpoint, out var current) && current == node)
            {
                return true;
            }
        }

        return false;
    }

    // Nobody named an endpoint that the crawl began with and that did not answer.
    private bool IsWanted(CrawlRecord record) => _options.Region.Depth == 0 || record.IsIn(_options.Region);

    private static CrawledNode NewNode(UdpEndpoint endpoint, CrawledNode? namer) =>
        new(new CrawlRecord { Endpoint = endpoint, State = CrawlState.Waiting }, namer);

    private void AddNode(CrawledNode node)
    {
        if (_nodes.ContainsKey(node.Endpoint))
        {
            return;
        }

        if (_nodes.Count >= _options.MaxNodes || !HasRoomInNetwork(node))
        {
            _overflow++;
            return;
        }

        _nodes.Add(node.Endpoint, node);
        _states[(int)node.Record.State]++;
        _changed[node.Endpoint] = node;
        node.Namer?.Pending += 1;
        if (node.Record.State == CrawlState.Waiting)
        {
            _waiting.Enqueue(node);
        }
    }

    // Private addresses say nothing of who owns them.
    private bool HasRoomInNetwork(CrawledNode node)
    {
        var network = SourceNetwork.SubnetOf(node.Endpoint);
        return node.Namer is null
            || network.IsPrivate
            || ++CollectionsMarshal.GetValueRefOrAddDefault(_networks, network, out _) <= MaxPerNetwork;
    }

    private void Hear(CrawledNode namer, IReadOnlyList<Contact> contacts)
    {
        foreach (var contact in contacts)
        {
            var isKnown = _nodes.ContainsKey(contact.Endpoint);
            if (!contact.Endpoint.IsUnicast
                || !AddressScope.Allows(namer.Endpoint, contact.Endpoint)
                || (!isKnown && _options.IsRefused?.Invoke(contact) == true))
            {
                _refused++;
                continue;
            }

            if (!isKnown && _options.Region.Contains(contact.Id))
            {
                AddNode(NewNode(contact.Endpoint, namer));
            }

            _nodes.GetValueOrDefault(contact.Endpoint)?.Claim(contact.Id);
        }
    }

    private void Enter(CrawledNode node, CrawlState state)
    {
        _states[(int)node.Record.State]--;
        _states[(int)state]++;
        node.Record = node.Record with { State = state };
        _changed[node.Endpoint] = node;
    }

    private CrawledNode? Settle(UdpEndpoint endpoint)
    {
        var node = _nodes.GetValueOrDefault(endpoint);
        _underWay -= node is null ? 0 : 1;
        return node;
    }

    private void CountForNamer(CrawledNode node, bool isAlive)
    {
        if (node.Namer is not { } namer)
        {
            return;
        }

        namer.Pending--;
        namer.Dead += isAlive ? 0 : 1;
        if (namer is { IsPaused: true, Walk: { } walk } && (namer.Pending == 0 || !IsUnproven(namer)))
        {
            namer.IsPaused = false;
            GoOn(namer, walk);
        }
    }

    private static bool IsUnproven(CrawledNode node) => node.Pending + node.Dead >= MaxUnproven;

    private void GoOn(CrawledNode node, TableWalk walk)
    {
        if (walk.IsDone || node.Dead >= MaxUnproven)
        {
            EndWalk(node);
        }
        else if (IsUnproven(node))
        {
            node.IsPaused = true;
        }
        else
        {
            _walking.Enqueue(node);
        }
    }

    private void EndWalk(CrawledNode node)
    {
        node.Record = node.Record with { IsComplete = node.Walk!.IsComplete };
        (node.Walk, node.Failures) = (null, 0);
        Enter(node, CrawlState.Visited);
    }
}

/// <summary>A FIND_NODE, or a PING if the target is null.</summary>
internal readonly record struct CrawlQuery(UdpEndpoint Endpoint, NodeId? Target);
