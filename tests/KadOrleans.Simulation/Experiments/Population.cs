using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Node;
using KadOrleans.Simulation.Attackers;
using KadOrleans.Simulation.Tables;

namespace KadOrleans.Simulation.Experiments;

/// <summary>The nodes of a simulation, and the truth about who is nearest to what.</summary>
internal sealed class Population(SimulatedWorld world, SimulationSettings settings)
{
    private readonly KadNodeOptions _options = OptionsOf(settings, null, []);
    private readonly List<Member> _live = [];
    private readonly HashSet<Contact> _liars = [];
    private RoutingTableSnapshot? _truth;
    private long _republishedByGone;

    /// <summary>What all tables share.</summary>
    public TablePager Pager { get; } = new(world.Clock, settings.Kademlia);

    /// <summary>Honest nodes that answer and have joined, in no order.</summary>
    public IReadOnlyList<Member> Live => _live;

    /// <summary>Times that a holder sent a value out again, by all nodes that ever were.</summary>
    public long Republished => _republishedByGone + _live.Sum(member => member.Engine!.Metrics.Republished[0]);

    public Member PickLive() => _live[world.Random.Next(_live.Count)];

    /// <summary>Whether this is a liar under its real id, and so a contact like any other.</summary>
    public bool IsLiar(Contact contact) => _liars.Contains(contact);

    /// <summary>The honest nodes that answer and are nearest to a target, the asker left out.</summary>
    public Contact[] Nearest(NodeId target, Member asker)
    {
        _truth ??= new RoutingTableSnapshot(default, 0, [.. _live.Select(m => m.Contact)]);
        var nearest = new Contact[settings.Kademlia.BucketSize + 1];
        var count = _truth.FindClosest(target, nearest);
        return [.. nearest.Take(count).Where(c => c != asker.Contact).Take(settings.Kademlia.BucketSize)];
    }

    /// <summary>A new place on the network with nobody at it yet.</summary>
    public Member CreatePlace() => new(NodeId.Random(world.Random), world.Network.Bind());

    /// <param name="member">Who starts.</param>
    /// <param name="begin">Its table; null for an empty one.</param>
    /// <param name="bootstrap">Whom it knows, as HOST:PORT.</param>
    public async Task StartAsync(Member member, FrozenTable? begin, params IReadOnlyList<string> bootstrap)
    {
        if (settings.RunsMaintenance)
        {
            await member.StartNodeAsync(world, OptionsOf(settings, member.Contact.Id, bootstrap), Pager, begin);
        }
        else
        {
            member.StartEngine(world, _options, Pager, begin);
        }
    }

    /// <summary>Counts a started member among those that lookups are judged by.</summary>
    public void Enter(Member member)
    {
        member.Place = _live.Count;
        _live.Add(member);
        _truth = null;
    }

    /// <summary>Starts a member, and has it join through live ones.</summary>
    public async Task JoinAsync(Member member)
    {
        var bootstrap = PickBootstrap();
        await StartAsync(member, begin: null, bootstrap);
        if (bootstrap.Count > 0)
        {
            await member.JoinAsync(bootstrap);
        }

        Enter(member);
    }

    // One that maintains itself asks them again until one has answered: one alone might leave meanwhile.
    private List<string> PickBootstrap() => _live.Count == 0
        ? []
        : [.. Enumerable.Range(0, settings.RunsMaintenance ? 3 : 1).Select(_ => PickLive().Contact.Endpoint.ToString()).Distinct()];

    /// <summary>A member falls silent without a word.</summary>
    public ValueTask KillAsync(Member member)
    {
        if (member.Engine is { } engine)
        {
            _republishedByGone += engine.Metrics.Republished[0];
        }

        if (member.Place >= 0)
        {
            var last = _live[^1];
            _live[member.Place] = last;
            last.Place = member.Place;
            _live.RemoveAt(_live.Count - 1);
            member.Place = -1;
            _truth = null;
        }

        return member.DisposeAsync();
    }

    /// <summary>Puts a liar in a member's place, under its id and address.</summary>
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
