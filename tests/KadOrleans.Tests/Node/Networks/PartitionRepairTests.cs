namespace KadOrleans.Tests.Node;

/// <summary>By whom nodes find another part of their network, what liars gain by that, and which values go out again.</summary>
public sealed class PartitionRepairTests
{
    private const string Seeds = "seeds.example:8468";

    [Fact]
    public void An_own_address_among_the_bootstrap_nodes_is_never_asked() => SimulatedWorld.Run(35, async world =>
    {
        var own = "11.0.0.1:8468";
        await world.StartNodeAsync(options => options.Bootstrap.Add(own));
        Assert.Equal(own, world.Nodes[0].Transport.Endpoint.ToString());
        await world.StartNetworkAsync(2);
        await world.PassAsync(TimeSpan.FromHours(3));
        Assert.Equal(0, Asked(world.Nodes[0]));
    });

    // Of the two parts none has the other one's addresses, as after a cut in which it was moved.
    [Theory]
    [InlineData("other")]
    [InlineData("known other")]
    [InlineData("self other")]
    [InlineData("self known other")]
    [InlineData("dead dead dead dead dead dead other")]
    [InlineData("known dead dead dead dead dead other")]
    public void A_bootstrap_name_leads_to_the_other_part_whichever_of_its_addresses_are_known(string addresses) => SimulatedWorld.Run(36, async world =>
    {
        await StartPartsAsync(world);
        var one = world.Nodes[0];
        world.Names[Seeds.Split(':')[0]] =
        [
            .. addresses.Split(' ').Select((address, i) => address switch
            {
                "other" => world.Nodes[3].Transport.Endpoint,
                "known" => world.Nodes[1].Transport.Endpoint,
                "self" => one.Transport.Endpoint,
                _ => UdpEndpoint.FromIPv4(0x0800_0001 + ((uint)i << 8), 8468),
            }),
        ];
        await world.PassAsync(TimeSpan.FromMinutes(35));
        Assert.All(world.Nodes, node => Assert.Equal(5, node.Node.RoutingTable.Count));
        Assert.Equal(1, one.Node.Engine.Metrics[NodeMetrics.Merges]);
    });

    [Fact]
    public void A_bootstrap_name_all_of_whose_addresses_are_known_is_not_asked() => SimulatedWorld.Run(37, async world =>
    {
        await StartPartsAsync(world);
        world.Names[Seeds.Split(':')[0]] = [.. world.Nodes.Take(3).Select(node => node.Transport.Endpoint)];
        await world.PassAsync(TimeSpan.FromHours(2));
        Assert.Equal(0, Asked(world.Nodes[0]));
    });

    // Merged through a bootstrap node alone: no former contact says how long the parts were apart.
    [Fact]
    public void Values_of_a_part_that_is_found_through_a_bootstrap_name_alone_go_out_again() => SimulatedWorld.Run(38, async world =>
    {
        await StartPartsAsync(world, others: 40);
        var keys = await SetAsync(world, world.Nodes[0], 10);
        await world.PassAsync(TimeSpan.FromMinutes(20));
        world.Names[Seeds.Split(':')[0]] = [world.Nodes[3].Transport.Endpoint];
        await world.PassAsync(TimeSpan.FromMinutes(20));
        await AssertHoldersAsync(world, keys, [.. world.Nodes.Skip(3)]);
    });

    [Fact]
    public void Values_set_during_a_cut_go_out_again_though_their_node_has_restarted_since() => SimulatedWorld.Run(39, async world =>
    {
        await world.StartNetworkAsync(41);

        // One alone: of several each would give the others their values anew as they restart.
        var part = world.Nodes.Take(1).ToList();
        await world.PassAsync(TimeSpan.FromMinutes(20));
        world.Network.Cut(part.Select(node => node.Transport.Endpoint), TimeSpan.FromHours(1));
        await world.PassAsync(TimeSpan.FromMinutes(30));
        var keys = await SetAsync(world, part[0], 10);
        await world.PassAsync(TimeSpan.FromMinutes(18));
        foreach (var node in part)
        {
            await node.RestartAsync();
        }

        await world.PassAsync(TimeSpan.FromMinutes(12) + TimeSpan.FromMinutes(5));
        await AssertHoldersAsync(world, keys, [.. world.Nodes.Except(part)]);
    });

    [Fact]
    public void Values_go_out_again_though_their_store_does_not_answer_at_first() => SimulatedWorld.Run(40, async world =>
    {
        await world.StartNetworkAsync(30, Without.Walks);
        var isBroken = false;
        var store = new ScriptedStore
        {
            BeforeScan = () =>
            {
                if (isBroken)
                {
                    throw new KeyStoreException("A shard moves.");
                }
            },
        };
        var log = new RecordingLog();
        await using var alone = await world.StartAsync(options => options.RandomWalk = new RandomWalkOptions { Interval = TimeSpan.FromSeconds(30) }, store, log: log);
        await alone.BootstrapAsync([$"{world.Nodes[0].Transport.Endpoint}"]);
        await world.PassAsync(TimeSpan.FromMinutes(10));
        world.Network.Cut(alone.LocalEndpoints, TimeSpan.FromMinutes(30));
        await world.PassAsync(TimeSpan.FromMinutes(20));
        Assert.Equal(0, alone.RoutingTable.Count);
        var key = NodeId.FromKey("key");
        await alone.SetAsync(key, "value");
        await world.PassAsync(TimeSpan.FromMinutes(10));
        isBroken = true;
        await world.PassAsync(TimeSpan.FromMinutes(4));
        Assert.NotEqual(0, alone.RoutingTable.Count);
        isBroken = false;
        await world.PassAsync(TimeSpan.FromMinutes(2));
        await AssertHoldersAsync(world, [key], [.. world.Nodes]);
    });

    [Theory]
    [InlineData(Lie.Invents, 8)]
    [InlineData(Lie.NamesItsOwnPorts, 8)]
    [InlineData(Lie.NamesAPrivateAddress, 0)]
    [InlineData(Lie.NamesOneThatIsBanned, 0)]
    internal void A_liar_that_comes_and_goes_costs_ever_fewer_lookups_and_no_refresh(Lie lie, int most) => SimulatedWorld.Run(34, async world =>
    {
        await world.StartNetworkAsync(5);
        var victim = world.Nodes[0];
        var liar = new FlappingLiar(world, lie, victim);
        await liar.BanAsync();
        var lookups = Lookups();
        await world.PassAsync(TimeSpan.FromHours(3));
        var upkeep = Lookups() - lookups;
        for (var visit = 0; visit < 60; visit++)
        {
            await liar.VisitAsync();
        }

        Assert.InRange(Asked(victim), 30, 70);
        Assert.InRange(victim.Node.Engine.Metrics[NodeMetrics.Merges], most / 4, most);
        Assert.InRange(Lookups() - lookups - upkeep, 0, upkeep + most + 8);

        long Lookups() => victim.Node.Engine.Metrics.Totals().Where(count => count.Key.StartsWith("lookups.", StringComparison.Ordinal)).Sum(count => count.Value);
    });

    [Fact]
    public void A_liar_does_not_postpone_the_merge_with_a_real_part() => SimulatedWorld.Run(41, async world =>
    {
        await StartPartsAsync(world, others: 10, Without.Walks);
        var liar = new FlappingLiar(world, Lie.Invents, world.Nodes[0]);
        for (var visit = 0; visit < 60; visit++)
        {
            await liar.VisitAsync();
        }

        world.Names[Seeds.Split(':')[0]] = [world.Nodes[3].Transport.Endpoint];
        for (var visit = 0; visit < 5; visit++)
        {
            await liar.VisitAsync();
        }

        Assert.InRange(world.Nodes[0].Node.RoutingTable.Count, 12, 13);
    });

    private static long Asked(SimulatedNode node) => node.Node.Engine.Metrics[NodeMetrics.FormerAsked];

    /// <summary>Two networks: three nodes, the first of which has a bootstrap name that resolves to nothing yet, and others.</summary>
    private static async Task StartPartsAsync(SimulatedWorld world, int others = 3, Action<KadNodeOptions>? configure = null)
    {
        await world.StartNodeAsync(options =>
        {
            configure?.Invoke(options);
            options.Bootstrap.Add(Seeds);
        });
        await world.StartNetworkAsync(2, configure);
        var first = await world.StartNodeAsync(configure);
        for (var i = 1; i < others; i++)
        {
            var node = await world.StartNodeAsync(configure);
            await node.Node.BootstrapAsync([$"{first.Transport.Endpoint}"]);
        }
    }

    private static async Task<IReadOnlyList<NodeId>> SetAsync(SimulatedWorld world, SimulatedNode writer, int count)
    {
        var keys = Enumerable.Range(0, count).Select(_ => NodeId.Random(world.Random)).ToList();
        foreach (var key in keys)
        {
            await writer.Node.SetAsync(key, "value");
        }

        return keys;
    }

    /// <summary>Most of the k nearest nodes hold each value.</summary>
    private static async Task AssertHoldersAsync(SimulatedWorld world, IReadOnlyList<NodeId> keys, IReadOnlyList<SimulatedNode> among)
    {
        foreach (var key in keys)
        {
            var holders = 0;
            foreach (var node in world.Nodes.OrderBy(node => node.Id.DistanceTo(key)).Take(20).Where(among.Contains))
            {
                holders += await node.Store.GetAsync(key, world.Clock.GetUtcNow()) is null ? 0 : 1;
            }

            Assert.InRange(holders, 14, 20);
        }
    }
}

/// <summary>What a <see cref="FlappingLiar"/> names to whoever looks its own id up.</summary>
internal enum Lie
{
    /// <summary>A contact that does not exist.</summary>
    Invents,

    /// <summary>Another port of its host, which answers under a new id each time.</summary>
    NamesItsOwnPorts,

    /// <summary>A contact that a public one cannot know of.</summary>
    NamesAPrivateAddress,

    /// <summary>A contact that the victim's operator has banned.</summary>
    NamesOneThatIsBanned,
}

/// <summary>A contact that is lost for its silence and answers when it is asked again, each three minutes.</summary>
internal sealed class FlappingLiar
{
    private readonly SimulatedWorld _world;
    private readonly SimulatedNode _victim;
    private readonly RawPeer _peer;
    private readonly Lie _lie;
    private readonly RawPeer _banned;
    private bool _isSilent;
    private ushort _port = 10_000;
    private int _answeredAtLast;

    public FlappingLiar(SimulatedWorld world, Lie lie, SimulatedNode victim)
    {
        (_world, _lie, _victim, _peer, _banned) = (world, lie, victim, world.AddPeer(), world.AddAnsweringPeer());
        _peer.OnRequest = (request, id, answer) => _isSilent ? 0
            : request.Kind == RequestKind.FindNode ? ResponseWriter.WriteNodes(answer, id, [Name(request.Target)])
            : Answer(request, id, answer);
    }

    public UdpEndpoint Endpoint => _peer.Endpoint;

    /// <summary>Pings that it answered.</summary>
    public int Answered { get; private set; }

    public async Task BanAsync() => await _victim.Node.Admin.BanAsync(Ban.Parse($"{_banned.Id}"));

    public async Task VisitAsync()
    {
        // There is room in the table for its other ports under new ids.
        foreach (var port in _victim.Node.RoutingTable.Contacts.Where(contact => contact.Endpoint.Port >= 10_000))
        {
            _victim.Node.Engine.Table.Observe(ContactObservation.Dropped(port));
        }

        if (_answeredAtLast == Answered)
        {
            // It was not asked, so it comes by itself.
            _peer.Ping(_victim.Transport.Endpoint, MessageId.Random(_world.Random));
            await _world.PassAsync(TimeSpan.FromSeconds(1));
        }

        _answeredAtLast = Answered;
        _isSilent = true;
        _victim.Node.Engine.Table.Observe(ContactObservation.Failed(_peer.Contact));
        await _world.PassAsync(TimeSpan.FromSeconds(30));
        _victim.Node.Engine.Table.Observe(ContactObservation.Failed(_peer.Contact));
        _isSilent = false;

        await _world.PassAsync(TimeSpan.FromSeconds(150));
    }

    private int Answer(Request request, MessageId id, Span<byte> answer)
    {
        Answered++;
        return _peer.AnswerPings(request, id, answer);
    }

    private Contact Name(NodeId target)
    {
        // Nearer to the target than any real node.
        var id = target.RandomWithPrefix(40, _world.Random);
        if (_lie == Lie.NamesItsOwnPorts)
        {
            var other = new RawPeer(_world.Network.Bind(_peer.Endpoint.WithPort(_port++)), id);
            other.OnRequest = other.Naming();
            return other.Contact;
        }

        return _lie switch
        {
            Lie.NamesAPrivateAddress => new Contact(id, UdpEndpoint.Parse("10.0.0.1:8468")),
            Lie.NamesOneThatIsBanned => _banned.Contact,
            _ => new Contact(id, _world.Network.Bind().Endpoint),
        };
    }
}
