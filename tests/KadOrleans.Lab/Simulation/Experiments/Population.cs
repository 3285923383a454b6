namespace KadOrleans.Lab;

/// <summary>The nodes of a simulation, and the truth about who is nearest to what.</summary>
internal sealed class Population(SimulatedWorld world, SimulationSettings settings)
{
    private readonly KadNodeOptions _options = OptionsOf(settings, null, []);
    private readonly List<Member> _live = [];
    private readonly Dictionary<Contact, Member> _byContact = [];
    private readonly HashSet<Contact> _liars = [];
    private RoutingTableSnapshot? _truth;
    private long _republishedByGone;

    public TablePager Pager { get; } = new(world.Clock, settings.Kademlia);

    public IReadOnlyList<Member> Live => _live;

    /// <summary>Times that a holder sent a value out again, by all nodes that ever were.</summary>
    public long Republished => _republishedByGone + _live.Sum(member => member.Engine!.Metrics[NodeMetrics.Republished]);

    public Member PickLive() => PickLive(world.Random);

    public Member PickLive(SeededRandomSource random) => _live[random.Next(_live.Count)];

    /// <summary>Whether this is a liar under its real id, and so a contact like any other.</summary>
    public bool IsLiar(Contact contact) => _liars.Contains(contact);

    /// <summary>The honest nodes that answer and are nearest to a target, the asker left out.</summary>
    public Contact[] Nearest(NodeId target, Member asker) =>
        [.. Nearest(target, settings.Kademlia.BucketSize + 1).Where(c => c != asker.Contact).Take(settings.Kademlia.BucketSize)];

    /// <summary>The k honest nodes that answer and are nearest to a target.</summary>
    public IEnumerable<Member> Nearest(NodeId target) =>
        Nearest(target, settings.Kademlia.BucketSize).Select(contact => _byContact[contact]);

    /// <summary>Of the contacts in the tables of all nodes that answer, the share that answers no more.</summary>
    public double ShareOfLeft()
    {
        var (contacts, left) = (0L, 0L);
        foreach (var table in _live.Select(member => member.Engine!.RoutingTable))
        {
            contacts += table.Count;
            left += table.Contacts.Count(contact => !_byContact.ContainsKey(contact));
        }

        return contacts == 0 ? 0 : left / (double)contacts;
    }

    private Contact[] Nearest(NodeId target, int most)
    {
        _truth ??= new RoutingTableSnapshot(default, 0, [.. _live.Select(m => m.Contact)]);
        var nearest = new Contact[most];
        return nearest[.._truth.FindClosest(target, nearest)];
    }

    public Member CreatePlace() => CreatePlace(world.Random);

    public Member CreatePlace(SeededRandomSource random) => new(NodeId.Random(random), world.Network.Bind());

    public async Task StartAsync(Member member, FrozenTable? begin, params IReadOnlyList<string> bootstrap)
    {
        if (settings is { RunsMaintenance: true, KeepsValuesAlone: true })
        {
            member.StartUpkeep(world, _options, Pager, begin);
        }
        else if (settings.RunsMaintenance)
        {
            await member.StartNodeAsync(world, OptionsOf(settings, member.Contact.Id, settings.KeepsBootstrap ? bootstrap : []), Pager, begin);
        }
        else
        {
            member.StartEngine(world, _options, Pager, begin);
        }
    }

    public void Enter(Member member)
    {
        member.Place = _live.Count;
        _live.Add(member);
        _byContact.Add(member.Contact, member);
        _truth = null;
    }

    public async Task JoinAsync(Member member)
    {
        var bootstrap = PickBootstrap();
        await StartAsync(member, begin: null, bootstrap);
        if (bootstrap.Count > 0)
        {
            await member.JoinAsync(bootstrap, settings.KeepsBootstrap);
        }

        Enter(member);
    }

    // One that maintains itself asks them again until one has answered: one alone might leave meanwhile.
    private List<string> PickBootstrap() => _live.Count == 0
        ? []
        : [.. Enumerable.Range(0, settings.RunsMaintenance ? 3 : 1).Select(_ => PickLive().Contact.Endpoint.ToString()).Distinct()];

    public ValueTask KillAsync(Member member)
    {
        if (member.Engine is { } engine)
        {
            _republishedByGone += engine.Metrics[NodeMetrics.Republished];
        }

        if (member.Place >= 0)
        {
            var last = _live[^1];
            _live[member.Place] = last;
            last.Place = member.Place;
            _live.RemoveAt(_live.Count - 1);
            member.Place = -1;
            _byContact.Remove(member.Contact);
            _truth = null;
        }

        return member.DisposeAsync();
    }

    public async Task CorruptAsync(Member member, IReadOnlyList<Contact> nodes, IReadOnlyList<Contact> liars)
    {
        await KillAsync(member);
        _liars.Add(member.Contact);
        _ = new Liar(member.Contact.Id, world.Network.Bind(member.Contact.Endpoint), world.Random, nodes, liars);
    }

    // The state of a simulated node outlives nothing, so it is hardly ever saved.
    private static KadNodeOptions OptionsOf(SimulationSettings settings, NodeId? id, IEnumerable<string> bootstrap)
    {
        var options = new KadNodeOptions
        {
            Id = id?.ToString(),
            Kademlia = settings.Kademlia,
            RandomWalk = settings.RandomWalk,
            Upload = settings.Upload,
            MaxPublications = settings.MaxPublications,
            Quota = settings.Quota,
            StateSaveInterval = TimeSpan.FromDays(1),
            StateChangeSaveDelay = TimeSpan.FromDays(1),
        };
        foreach (var node in bootstrap)
        {
            options.Bootstrap.Add(node);
        }

        return options;
    }
}

/// <summary>
/// One node of a <see cref="Population"/>: an engine, alone or with upkeep of values, or a standalone node that maintains itself, or a place
/// only.
/// </summary>
internal sealed class Member(NodeId id, SimulatedTransport transport) : IAsyncDisposable
{
    private PagedRoutingTable? _table;
    private InMemoryKeyStore? _store;
    private KadNode? _node;
    private UpkeepWork? _upkeep;

    public Contact Contact { get; } = new(id, transport.Endpoint);

    public DhtNode? Engine { get; private set; }

    public int Place { get; set; } = -1;

    /// <summary>Starts the engine alone, which answers and asks but does nothing by itself.</summary>
    public void StartEngine(SimulatedWorld world, KadNodeOptions options, TablePager pager, FrozenTable? begin)
    {
        _table = new PagedRoutingTable(id, pager, begin);
        _store = new InMemoryKeyStore(options.Quota, world.Environment.CreateChecks());
        Engine = new DhtNode(options, transport, _table, _store, world.Environment);
        Engine.Start();
    }

    /// <summary>Starts the engine, and with it the upkeep of values and publications that a standalone node does.</summary>
    public void StartUpkeep(SimulatedWorld world, KadNodeOptions options, TablePager pager, FrozenTable? begin)
    {
        _store = new InMemoryKeyStore(options.Quota, world.Environment.CreateChecks());
        var table = new LocalRoutingTable(begin is null ? pager.Create(id) : pager.Restore(begin), world.Clock);
        Engine = new DhtNode(options, transport, table, _store, world.Environment);
        _upkeep = new UpkeepWork(Engine, _store, options.MaxPublications, world);
        Engine.Start();
        _upkeep.Start();
    }

    public async Task StartNodeAsync(SimulatedWorld world, KadNodeOptions options, TablePager pager, FrozenTable? begin)
    {
        _store = new InMemoryKeyStore(options.Quota, world.Environment.CreateChecks());
        _node = new KadNode(options, transport, _store, new InMemoryNodeStateStore(), world.Environment)
        {
            CreateTable = ownId => new LocalRoutingTable(
                begin is null ? pager.Create(ownId) : pager.Restore(begin), world.Clock),
        };
        await _node.StartAsync();
        Engine = _node.Engine;
    }

    public async Task JoinAsync(IEnumerable<string> through, bool isConfigured = true)
    {
        if (_node is null || !isConfigured)
        {
            await Engine!.BootstrapAsync(through);
        }

        await (_node?.JoinAsync() ?? Task.CompletedTask);
        await (_upkeep?.RefreshAfterJoinAsync() ?? Task.CompletedTask);
    }

    public Task<SetResult> SetAsync(NodeId key, DhtValue value) =>
        _node is not null ? _node.SetAsync(key, value) : Engine!.SetAsync(key, value);

    public Task<GetResult> GetAsync(NodeId key) => _node is not null ? _node.GetAsync(key) : Engine!.GetAsync(key);

    public ValueTask<StoredValue?> GetHeldAsync(NodeId key, DateTimeOffset now) =>
        _store is null ? ValueTask.FromResult<StoredValue?>(null) : _store.GetAsync(key, now);

    /// <summary>Whether it holds a value of a key that is alive.</summary>
    public bool Holds(NodeId key, DateTimeOffset now) => _store is not null && _store.TryFind(key, now, out var held) && held is not null;

    /// <summary>Has it hold a value as if a STORE of it had come in at the value's time.</summary>
    public ValueTask<StoreResult> HoldAsync(NodeId key, StoredValue value) => _store!.PutAsync(key, value, PutKind.Import);

    /// <summary>Has it remember a publication. Only with <see cref="StartUpkeep"/>.</summary>
    public ValueTask<StoreResult> RememberAsync(NodeId key, Publication publication) => _upkeep!.Publications.PutAsync(key, publication);

    public async ValueTask DisposeAsync()
    {
        transport.IsCutOff = true;
        await (_upkeep?.DisposeAsync() ?? ValueTask.CompletedTask);
        if (_node is not null)
        {
            await _node.DisposeAsync();
        }
        else if (Engine is not null)
        {
            await Engine.DisposeAsync();
        }
        else
        {
            await transport.DisposeAsync();
        }

        (Engine, _node, _upkeep, _table, _store) = (null, null, null, null, null);
    }

    public async Task<IReadOnlyList<BucketSummary>> DescribeAsync() =>
        _node is not null ? (await _node.DescribeAsync()).Buckets : _table?.Describe() ?? [];
}
