namespace KadOrleans.Tests.Node;

public sealed class StrangerTests
{
    private static readonly UdpEndpoint Stranger = UdpEndpoint.Parse("192.0.2.7:8468");

    private readonly SimulatedWorld _world = new(seed: 5);

    [Fact]
    public async Task A_stranger_that_answers_no_ping_gets_a_few_contacts_a_second_later()
    {
        await using var ledger = CreateLedger();
        var (key, now) = (NodeId.FromKey("large"), ledger.Clock.GetUtcNow());
        await ledger.Store.PutAsync(key, new StoredValue(DhtValue.FromBytes(new byte[8_000]), now, now.AddDays(1), default));

        ledger.Receive(ledger.FindNode(), Stranger);
        ledger.Receive(ledger.FindValue(key), Stranger);
        Assert.Empty(ledger.Answers(Stranger));
        ledger.Clock.Advance(Strangers.FindWait + TimeSpan.FromSeconds(0.5));

        Assert.Equal(2, ledger.Answers(Stranger).Count());
        Assert.All(ledger.Answers(Stranger), answer => Assert.InRange(ContactsIn(answer), 1, 2));
    }

    // The text of a long IPv6 address makes the response more than twice as long as the request.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_STUN_that_waited_for_a_proof_is_answered_as_such(bool clientOnly)
    {
        await using var ledger = new Ledger([], options => options.ClientOnly = clientOnly);
        var stranger = UdpEndpoint.Parse("[2a01:14f8:1234:5678:9abc:def0:1234:5678]:45678");

        ledger.Receive(ledger.Stun(), stranger);
        Assert.Empty(ledger.Answers(stranger));
        ledger.AnswerPing(stranger, NodeId.MaxValue);

        Assert.Single(ledger.Pings(stranger));
        Assert.True(Datagram.TryReadHeader(Assert.Single(ledger.Answers(stranger)), out _, out _, out var body));
        Assert.True(ResponseReader.TryReadStun(body, out var seen));
        Assert.Equal(stranger, seen);
    }

    [Fact]
    public void Giving_a_ping_up_gives_no_pending_response_up() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(25, Without.Walks);
        var delay = TimeSpan.FromMilliseconds(50);
        _world.Network.Conditions = new NetworkConditions { MinDelay = delay, MaxDelay = delay };
        var node = _world.Nodes[0];
        var stranger = _world.AddAnsweringPeer();

        stranger.FindNode(node.Transport.Endpoint, MessageId.Random(_world.Random), NodeId.Random(_world.Random));
        await _world.PassAsync(TimeSpan.FromMilliseconds(60));
        await node.Node.PingAsync(stranger.Endpoint, new CancellationToken(canceled: true));
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Single(stranger.Responses);
    });

    [Fact]
    public async Task A_candidate_that_is_being_pinged_takes_no_other_candidates_turn()
    {
        await using var ledger = new Ledger([]);
        for (var i = 0; i < 1_000; i++)
        {
            ledger.Node.Consider(new Contact(NodeId.MaxValue, Stranger));
        }

        var other = UdpEndpoint.Parse("198.51.100.7:8468");
        ledger.Node.Consider(new Contact(NodeId.FromKey("other"), other));

        // At once: the rate leaves room for more than these two.
        Assert.Equal((1, 1), (ledger.Pings(Stranger).Count(), ledger.Pings(other).Count()));
    }

    [Theory]
    [InlineData("0.1.2.3:8468")]
    [InlineData("224.0.0.1:8468")]
    [InlineData("255.255.255.255:8468")]
    [InlineData("12.0.0.1:0")]
    [InlineData("[ff02::1]:8468")]
    public async Task A_source_that_no_node_can_be_reached_at_draws_nothing(string source)
    {
        await using var ledger = CreateLedger();

        ledger.Receive(ledger.Ping(), UdpEndpoint.Parse(source));
        ledger.Clock.Advance(TimeSpan.FromSeconds(20));

        Assert.Equal(0, ledger.SentBytes);
        Assert.Equal(1, ledger.Node.Counts["refused.UnreachableSource"]);
    }

    [Fact]
    public async Task Held_requests_are_bounded_per_endpoint()
    {
        await using var ledger = CreateLedger();
        for (var i = 0; i < Strangers.MaxFindsPerEndpoint + 5; i++)
        {
            ledger.Receive(ledger.FindNode(), Stranger);
        }

        // Those beyond the bound get a few contacts at once, those within it all of them later.
        Assert.Equal([2, 2, 2, 2, 2], ledger.Answers(Stranger).Select(ContactsIn));
        ledger.AnswerPing(Stranger, null);
        Assert.Equal(Strangers.MaxFindsPerEndpoint, ledger.Answers(Stranger).Count(answer => ContactsIn(answer) == 20));
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

    /// <summary>For a full bucket a ping costs another one, to the contact that was silent for longest, which may not know this node either.</summary>
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_PING_of_one_whose_bucket_is_full_draws_a_pong_alone_and_a_FIND_a_ping_too(bool asksForToken)
    {
        var random = new SeededRandomSource(8);

        // The other half of the id space, so that the bucket is not the one that is split. One more has to wait.
        var own = NodeId.Random(new SeededRandomSource(17));
        var half = own.WithBit(0, !own.GetBit(0));
        var contacts = Enumerable.Range(0, 21).Select(i => new Contact(FarId(), UdpEndpoint.Parse($"11.1.{i}.1:1"))).ToArray();
        await using var ledger = new Ledger(contacts, random: 17);
        Assert.Equal((own, 20), (ledger.Node.Id, ledger.Node.RoutingTable.Count));
        var (far, near) = (FarId(), NearId());
        var other = UdpEndpoint.Parse("198.51.100.7:8468");
        ledger.Clock.Advance(KBucket.FreshFor);

        Ping(far, Stranger);
        Ping(near, other);
        Ping(contacts[0].Id, UdpEndpoint.Parse("203.0.113.1:1"));
        Assert.Equal((1, 0, 1), (ledger.Answers(Stranger).Count(), ledger.Pings(Stranger).Count(), ledger.Pings(other).Count()));
        Assert.Single(ledger.Pings(UdpEndpoint.Parse("203.0.113.1:1")));
        Assert.All(contacts, contact => Assert.Empty(ledger.SentTo(contact.Endpoint)));

        // It is pinged, and the one in its way is, once it has answered. Proven it draws no more, whatever it sends.
        Find(far);
        ledger.AnswerPing(Stranger, far);
        Assert.Equal((1, 1), (ledger.Pings(Stranger).Count(), contacts.Sum(contact => ledger.Pings(contact.Endpoint).Count())));
        ledger.Clock.Advance(TimeSpan.FromMinutes(1));
        Ping(far, Stranger);
        Find(far);
        Find(FarId());
        Assert.Equal((1, 1), (ledger.Pings(Stranger).Count(), contacts.Count(contact => ledger.Pings(contact.Endpoint).Any())));
        Ping(NearId(), Stranger);
        Assert.Equal(2, ledger.Pings(Stranger).Count());

        // A contact that has another id since is.
        Ping(FarId(), contacts[5].Endpoint);
        Assert.NotEmpty(ledger.Pings(contacts[5].Endpoint));

        void Find(NodeId id) =>
            ledger.Receive(buffer => RequestWriter.Write(buffer, MessageId.Random(random), RequestKind.FindNode, id, id), Stranger);

        NodeId FarId() => half.RandomWithPrefix(8, random);

        NodeId NearId() => own.RandomWithPrefix(8, random);

        void Ping(NodeId id, UdpEndpoint source) => ledger.Receive(
            buffer => RequestWriter.Write(buffer, MessageId.Random(random), RequestKind.Ping, id, asksForToken: asksForToken), source);
    }

    [Fact]
    public void A_client_is_served_and_never_kept() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(25, Without.Walks);
        var node = _world.Nodes[0];
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

    /// <summary>A node with more contacts than a response to a stranger may have.</summary>
    private static Ledger CreateLedger()
    {
        var random = new SeededRandomSource(6);
        return new(Enumerable.Range(0, 25).Select(i => new Contact(NodeId.Random(random), UdpEndpoint.Parse($"11.1.{i}.1:1"))));
    }
}
