namespace KadOrleans.Tests.Node;

/// <summary>A node asks nothing of its own addresses, whatever a liar names.</summary>
public sealed class OwnEndpointTests
{
    private readonly SimulatedWorld _world = new(seed: 9);

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void Neither_a_lookup_nor_a_crawl_asks_the_nodes_own_endpoint_or_another_port_of_its_public_address(bool crawls) => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync(Without.Walks);
        var services = new[] { 123, 1_900, 5_353 }.Select(port => Bind(node.Transport.Endpoint.WithPort((ushort)port))).ToList();
        var (liar, known) = (_world.AddPeer(), Bind(node.Transport.Endpoint.WithPort(8_469)));
        known.OnRequest = known.AnswerPings;
        liar.OnRequest = Naming(liar, [node.Transport.Endpoint, known.Endpoint, .. services.Select(service => service.Endpoint)]);
        await node.Node.PingAsync(liar.Endpoint);
        await node.Node.PingAsync(known.Endpoint);
        var asked = known.Received.Count;

        if (crawls)
        {
            Assert.True(await node.Node.Engine.PrepareCrawl(new CrawlOptions(), 100).RunAsync(CancellationToken.None));
        }
        else
        {
            // A lookup asks one contact of a subnet, another one each time.
            for (var i = 0; i < 10; i++)
            {
                await node.Node.FindNodeAsync(NodeId.Random(_world.Random));
            }
        }

        Assert.All(services, service => Assert.Empty(service.Received));
        Assert.Equal(0, node.Node.Engine.Counts["refused.UnreachableSource"]);

        // A node of the same address that has answered is a contact as any other.
        Assert.True(known.Received.Count > asked);
    });

    /// <summary>Behind a translator the node has a private address, and learns from others which public one it has.</summary>
    [Theory]
    [InlineData(3, 0, true)]
    [InlineData(3, 2, true)]
    [InlineData(2, 3, false)]
    [InlineData(1, 0, false)]
    public void What_most_of_some_networks_see_is_its_own_address_too(int truthful, int liars, bool isLearned) => _world.Run(async () =>
    {
        var outside = UdpEndpoint.Parse("8.7.6.5:40000");
        var service = Bind(outside.WithPort(1_900));
        var victim = Bind(UdpEndpoint.Parse("8.8.4.4:1900"));
        await using var node = await _world.StartAsync(Without.Walks, transport: _world.Network.Bind(UdpEndpoint.Parse("10.0.0.7:8468")));
        for (var i = 0; i < truthful + liars; i++)
        {
            var peer = _world.AddPeer();
            var names = Naming(peer, [service.Endpoint, victim.Endpoint]);
            var seen = i < truthful ? outside : victim.Endpoint;
            peer.OnRequest = (request, id, answer) =>
                request.Kind == RequestKind.Stun ? ResponseWriter.WriteStun(answer, id, seen) : names(request, id, answer);
            await node.PingAsync(peer.Endpoint);
        }

        await _world.PassAsync(TimeSpan.FromMinutes(2));
        await node.FindNodeAsync(NodeId.Random(_world.Random));

        Assert.Equal(isLearned, service.Received.Count == 0);

        // Nor does it answer what is forged to come from there.
        var mirror = Bind(outside);
        Span<byte> ping = new byte[Datagram.MaxLength];
        var length = RequestWriter.Write(ping, MessageId.Random(_world.Random), RequestKind.Ping, NodeId.Random(_world.Random));
        _world.Network.Forge(ping[..length], outside, node.LocalEndpoints[0]);
        await _world.PassAsync(TimeSpan.FromSeconds(10));
        Assert.Equal(isLearned, mirror.Received.Count == 0);
        Assert.Equal(!isLearned && liars > truthful, victim.Received.Count == 0);
    });

    [Fact]
    public void A_contact_that_answers_is_not_this_node_whatever_all_say() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync(Without.Walks);
        var honest = _world.AddPeer();
        honest.OnRequest = honest.AnswerPings;
        await node.Node.PingAsync(honest.Endpoint);
        for (var i = 0; i < 5; i++)
        {
            var peer = _world.AddPeer();
            var names = Naming(peer, []);
            peer.OnRequest = (request, id, answer) =>
                request.Kind == RequestKind.Stun ? ResponseWriter.WriteStun(answer, id, honest.Endpoint) : names(request, id, answer);
            await node.Node.PingAsync(peer.Endpoint);
        }

        await _world.PassAsync(TimeSpan.FromMinutes(2));
        var asked = honest.Received.Count;
        await node.Node.FindNodeAsync(honest.Id);

        Assert.True(honest.Received.Count > asked);
    });

    [Fact]
    public async Task A_request_in_the_nodes_own_name_draws_nothing()
    {
        await using var ledger = new Ledger([]);
        var own = ledger.Node.LocalEndpoints[0];

        ledger.Receive(ledger.Ping(asks: true), own);
        ledger.Node.Consider(new Contact(NodeId.MaxValue, own));
        var result = await ledger.Node.BootstrapAsync([own.ToString()]);

        Assert.Equal(0, ledger.SentBytes);
        Assert.True(Assert.Single(result.Attempts).IsOwnId);
    }

    /// <summary>Nodes on one host must work: a port of loopback or of a private address is another node's.</summary>
    [Theory]
    [InlineData("127.0.0.1")]
    [InlineData("10.1.2.3")]
    public void Other_ports_of_a_private_address_are_asked(string address) => _world.Run(async () =>
    {
        await using var node = await _world.StartAsync(Without.Walks, transport: _world.Network.Bind(UdpEndpoint.Parse($"{address}:8468")));
        var (neighbour, namer) = (Bind(UdpEndpoint.Parse($"{address}:8469")), Bind(UdpEndpoint.Parse($"{address}:8470")));
        namer.OnRequest = Naming(namer, [neighbour.Endpoint]);
        await node.PingAsync(namer.Endpoint);

        await node.FindNodeAsync(NodeId.Random(_world.Random));

        Assert.NotEmpty(neighbour.Received);
    });

    private RawPeer Bind(UdpEndpoint endpoint) => new(_world.Network.Bind(endpoint), NodeId.Random(_world.Random));

    /// <summary>Names endpoints under invented ids beside the target.</summary>
    private RawPeer.Answerer Naming(RawPeer peer, UdpEndpoint[] endpoints) => (request, id, answer) =>
    {
        var target = request.Target;
        return request.Kind switch
        {
            RequestKind.Ping => ResponseWriter.WritePong(answer, id, peer.Id),
            RequestKind.FindNode or RequestKind.FindValue => ResponseWriter.WriteNodes(
                answer, id, [.. endpoints.Select(endpoint => new Contact(target.RandomWithPrefix(20, _world.Random), endpoint))]),
            _ => 0,
        };
    };
}
