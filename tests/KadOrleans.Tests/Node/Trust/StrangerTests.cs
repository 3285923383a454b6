namespace KadOrleans.Tests.Node;

public sealed class StrangerTests
{
    private readonly SimulatedWorld _world = new(seed: 5);

    [Fact]
    public void A_stranger_that_answers_no_ping_gets_a_few_contacts_in_time_and_draws_twice_what_it_sends() => _world.Run(async () =>
    {
        var node = await StartNodeWithContactsAsync();
        var key = NodeId.FromKey("large");
        await node.Node.SetAsync(key, DhtValue.FromBytes(new byte[8_000]));
        await node.Store.PutAsync(key, new StoredValue(DhtValue.FromBytes(new byte[8_000]), _world.Clock.GetUtcNow(), DateTimeOffset.MaxValue, default));
        var victim = _world.AddPeer();
        const int Requests = 100;

        for (var i = 0; i < Requests; i++)
        {
            victim.FindNode(node.Transport.Endpoint, MessageId.Random(_world.Random), key);
            victim.FindValue(node.Transport.Endpoint, MessageId.Random(_world.Random), key);
        }

        await _world.PassAsync(TimeSpan.FromSeconds(30));

        Assert.Equal(2 * Requests, victim.Responses.Count());
        Assert.All(victim.Responses, answer => Assert.InRange(ContactsIn(answer), 1, 2));
        Assert.InRange(victim.ReceivedBytes, 1, 2 * Requests * (77 + 78));
    });

    [Fact]
    public void A_candidate_that_is_being_pinged_takes_no_other_candidates_turn() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var eager = _world.AddPeer();
        var other = _world.AddPeer();
        for (var i = 0; i < 1_000; i++)
        {
            node.Node.Engine.Consider(eager.Contact);
        }

        var sent = _world.Network.Sent;
        node.Node.Engine.Consider(other.Contact);

        // At once: the rate leaves room for more than these two.
        Assert.Equal((1, sent + 1), (sent, _world.Network.Sent));
        await node.StopAsync();
    });

    [Theory]
    [InlineData("0.1.2.3:8468")]
    [InlineData("224.0.0.1:8468")]
    [InlineData("255.255.255.255:8468")]
    [InlineData("12.0.0.1:0")]
    [InlineData("[ff02::1]:8468")]
    public void A_source_that_no_node_can_be_reached_at_draws_nothing(string source) => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var sent = _world.Network.Sent;
        var buffer = new byte[Datagram.MaxLength];
        var length = RequestWriter.Write(buffer, MessageId.Random(_world.Random), RequestKind.Ping, NodeId.Random(_world.Random));

        node.Node.Engine.Receive(buffer.AsSpan(0, length), UdpEndpoint.Parse(source));
        await _world.PassAsync(TimeSpan.FromSeconds(20));

        Assert.Equal(sent, _world.Network.Sent);
        Assert.Equal(1, node.Node.Engine.Counts["refused.UnreachableSource"]);
    });

    [Fact]
    public async Task Held_requests_are_bounded_per_endpoint()
    {
        var random = new SeededRandomSource(6);
        await using var ledger = new Ledger(Enumerable.Range(0, 25).Select(i => new Contact(NodeId.Random(random), UdpEndpoint.Parse($"11.1.{i}.1:1"))));
        var stranger = UdpEndpoint.Parse("192.0.2.7:8468");

        for (var i = 0; i < Strangers.MaxFindsPerEndpoint + 5; i++)
        {
            ledger.Receive(ledger.FindNode(), stranger);
        }

        // Those beyond the bound get a few contacts at once, those within it all of them later.
        Assert.Equal([2, 2, 2, 2, 2], ledger.Answers(stranger).Select(ContactsIn));
        ledger.AnswerPing(stranger, null);
        Assert.Equal(Strangers.MaxFindsPerEndpoint, ledger.Answers(stranger).Count(answer => ContactsIn(answer) == 20));
    }

    [Fact]
    public void A_sender_becomes_a_contact_only_when_it_answers_a_ping_and_under_the_id_of_its_answer() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var silent = _world.AddPeer();
        var alive = _world.AddAnsweringPeer();
        var (liar, answered) = (_world.AddPeer(), NodeId.Random(_world.Random));
        liar.OnRequest = (_, id, answer) => ResponseWriter.WritePong(answer, id, answered);

        silent.Ping(node.Transport.Endpoint, MessageId.Random(_world.Random));
        alive.Ping(node.Transport.Endpoint, MessageId.Random(_world.Random));
        liar.Ping(node.Transport.Endpoint, MessageId.Random(_world.Random));
        await _world.PassAsync(TimeSpan.FromSeconds(20));

        Assert.Equal([alive.Contact, liar.Contact with { Id = answered }], node.Node.RoutingTable.Contacts.OrderBy(c => c.Endpoint.AddressLow));
    });

    [Fact]
    public void A_client_is_served_and_never_kept() => _world.Run(async () =>
    {
        var node = await StartNodeWithContactsAsync();
        var client = await _world.StartNodeAsync(o => o.ClientOnly = true);
        await client.Node.BootstrapAsync([$"{node.Transport.Endpoint}"]);

        Assert.Equal(DhtNode.ClientId, client.Id);
        var set = await client.Node.SetAsync("key", DhtValue.FromBoolean(true));
        var get = await client.Node.GetAsync("key");
        await _world.PassAsync(TimeSpan.FromSeconds(10));

        Assert.True(set.Stored > 0);
        Assert.Null(set.Local);
        Assert.Equal(DhtValue.FromBoolean(true), get.Value);
        var peer = _world.AddPeer();
        peer.FindNode(client.Transport.Endpoint, MessageId.Random(_world.Random), NodeId.Random(_world.Random));
        peer.Store(client.Transport.Endpoint, MessageId.Random(_world.Random), new StoreRequest(default, default, DhtValue.FromInteger(1)));
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        Assert.Equal([0x90, 0xC2], peer.Responses.Select(r => (int)r[^1]).Order());
        Assert.DoesNotContain(
            _world.Nodes.Where(n => n != client).SelectMany(n => n.Node.RoutingTable.Contacts),
            contact => contact.Endpoint == client.Transport.Endpoint);
    });

    private static int ContactsIn(byte[] answer) =>
        ResponseReader.TryReadNodes(answer.AsSpan(Datagram.HeaderLength), new Contact[64], out var count) ? count : -1;

    private async Task<SimulatedNode> StartNodeWithContactsAsync(Action<KadNodeOptions>? configure = null)
    {
        await _world.StartNetworkAsync(25, Without.Walks);
        var node = await _world.StartNodeAsync(configure);
        await node.Node.BootstrapAsync([$"{_world.Nodes[0].Transport.Endpoint}"]);
        await _world.PassAsync(TimeSpan.FromSeconds(10));
        Assert.True(node.Node.RoutingTable.Count >= 20);
        return node;
    }
}
