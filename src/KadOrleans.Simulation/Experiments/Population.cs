using KadOrleans.Core;
using KadOrleans.Core.Routing;
using KadOrleans.Node;
using KadOrleans.Simulation.Liars;
using KadOrleans.Simulation.Tables;

namespace KadOrleans.Simulation.Experiments;

/// <summary>The nodes of a simulation, and the truth about who is nearest to what.</summary>
internal sealed class Population(SimulatedWorld world, SimulationSettings settings)
{
    private readonly KadNodeOptions _options = OptionsOf(settings, null);
    private readonly List<Member> _live = [];
    private readonly HashSet<Contact> _honest = [];
    private readonly HashSet<Contact> _liars = [];
    private RoutingTableSnapshot? _truth;

    /// <summary>What all tables share.</summary>
    public TablePager Pager { get; } = new(world.Clock, settings.Kademlia);

    /// <summary>Honest nodes that answer and have joined, in no order.</summary>
    public IReadOnlyList<Member> Live => _live;

    public Member PickLive() => _live[world.Random.Next(_live.Count)];

    /// <summary>Whether this is an honest node that answers, or did once.</summary>
    public bool IsHonest(Contact contact) => _honest.Contains(contact);

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

    public async Task StartAsync(Member member, FrozenTable? begin)
    {
        if (settings.RunsMaintenance)
        {
            await member.StartNodeAsync(world, OptionsOf(settings, member.Contact.Id), Pager, begin);
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
        _honest.Add(member.Contact);
        _truth = null;
    }

    /// <summary>Starts a member, and has it join through a live one.</summary>
    public async Task JoinAsync(Member member)
    {
        await StartAsync(member, begin: null);
        if (_live.Count > 0)
        {
            await member.Engine!.BootstrapAsync([PickLive().Contact.Endpoint.ToString()]);
        }

        Enter(member);
    }

    /// <summary>A member falls silent without a word.</summary>
    public ValueTask KillAsync(Member member)
    {
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
        _honest.Remove(member.Contact);
        _liars.Add(member.Contact);
        _ = new Liar(member.Contact.Id, world.Network.Bind(member.Contact.Endpoint), world.Random, nodes, liars);
    }

    // The state of a simulated node outlives nothing, so it is hardly ever saved.
    private static KadNodeOptions OptionsOf(SimulationSettings settings, NodeId? id) => new()
    {
        Id = id?.ToString(),
        Kademlia = settings.Kademlia,
        StateSaveInterval = TimeSpan.FromDays(1),
        StateChangeSaveDelay = TimeSpan.FromDays(1),
    };
}
