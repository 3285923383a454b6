namespace KadOrleans.Tests.Node;

/// <summary>How a node comes by the tokens of those that it stores at.</summary>
public sealed class TokenStoreTests
{
    private static readonly WriteToken Given = new(0x1234_5678_9ABC_DEF0);
    private static readonly WriteToken Next = new(0x0FED_CBA9_8765_4321);
    private static readonly NodeId Key = NodeId.FromKey("key");

    private readonly SimulatedWorld _world = new(seed: 12);

    [Fact]
    public void A_set_shows_the_tokens_that_its_lookup_brought_and_pings_nobody_for_them() => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync(Given);
        var before = peer.Received.Count;

        var result = await node.Node.Engine.SetOnContactsAsync(Key, true);

        Assert.Equal((1, 0), (result.Stored, result.Failed));
        Assert.Equal([RequestKind.FindNode, RequestKind.Store], Kinds(peer, before));
        var store = Ids(peer, RequestKind.Store).Single();
        Assert.Equal((Given, true), (store.Token, store.SaysAuthored));
    });

    /// <summary>Without a token the holder pings first: a whole round trip, and the half of the STORE.</summary>
    [Fact]
    public void A_strangers_first_STORE_with_the_token_of_its_lookup_is_held_one_round_trip_earlier() => _world.Run(async () =>
    {
        var half = TimeSpan.FromMilliseconds(50);
        _world.Network.Conditions = new NetworkConditions { MinDelay = half, MaxDelay = half };
        await _world.StartNetworkAsync(1, Without.Walks);
        var holder = _world.Nodes[0];
        var python = new CountingPeer(NodeId.Random(_world.Random), _world.Network.Bind(), PeerAnswers.Pings);
        var stranger = await _world.StartNodeAsync(Without.Walks);
        await stranger.Node.Engine.Queries.FindNodeAsync(holder.Contact, Key, CancellationToken.None);

        python.Store(holder.Transport.Endpoint, Samples.Key(1), true, _world.Random);
        _ = stranger.Node.Engine.Storer.StoreAsync(Samples.Key(2), SentValue.OfWrite(true, life: null), holder.Contact);

        Assert.Equal((half, 3 * half), (await HeldAfterAsync(Samples.Key(2)), half + await HeldAfterAsync(Samples.Key(1))));

        async Task<TimeSpan> HeldAfterAsync(NodeId key)
        {
            var begun = _world.Clock.Elapsed;
            while (await holder.Store.GetAsync(key, _world.Clock.GetUtcNow()) is null)
            {
                await _world.PassAsync(TimeSpan.FromMilliseconds(1));
            }

            return _world.Clock.Elapsed - begun;
        }
    });

    /// <summary>One that has just begun knows the others before they know it, and they would take its STORE for a stranger's.</summary>
    [Fact]
    public void A_node_that_shares_the_store_gets_no_STORE_for_a_minute() => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync(Given);
        node.Node.Engine.Siblings.Update([peer.Id]);
        var before = peer.Received.Count;

        var result = await node.Node.Engine.SetOnContactsAsync(Key, true);

        Assert.Equal((0, 0), (result.Stored, result.Failed));
        Assert.Null(await HandOffAsync(node, peer, Key));
        Assert.DoesNotContain(RequestKind.Store, Kinds(peer, before));

        await _world.PassAsync(TimeSpan.FromMinutes(1));
        Assert.Equal(1, (await node.Node.Engine.SetOnContactsAsync(Key, true)).Stored);

        // It may have lost its lease meanwhile.
        node.Node.Engine.Siblings.Update([peer.Id]);
        Assert.Null(await HandOffAsync(node, peer, Key));
    });

    [Fact]
    public void A_retry_shows_the_same_token_and_mark_under_another_id() => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync(Given, answersStores: false);

        Assert.Equal(1, (await node.Node.Engine.SetOnContactsAsync(Key, true)).Failed);

        var stores = Ids(peer, RequestKind.Store);
        Assert.Equal(2, stores.Distinct().Count());
        Assert.All(stores, store => Assert.Equal((Given, true), (store.Token, store.SaysAuthored)));
    });

    [Fact]
    public void Of_a_peer_without_tokens_none_is_asked_by_a_ping_again() => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync(WriteToken.None);
        var before = peer.Received.Count;
        for (var i = 0; i < 5; i++)
        {
            await node.Node.Engine.SetOnContactsAsync(Samples.Key(i), i);
            await HandOffAsync(node, peer, Samples.Key(i));
        }

        Assert.DoesNotContain(RequestKind.Ping, Kinds(peer, before));
        Assert.Equal(10, Ids(peer, RequestKind.Store).Distinct().Count());
    });

    /// <summary>As a hand-off does to a contact that was not heard of for a while.</summary>
    [Fact]
    public void A_store_without_a_fresh_token_pings_first_once_for_all_that_wait() => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync(Given);
        await _world.PassAsync(HeldTokens.Fresh);
        var before = peer.Received.Count;

        await Task.WhenAll(Enumerable.Range(0, 20).Select(i => HandOffAsync(node, peer, Samples.Key(i))));

        Assert.Equal(RequestKind.Ping, Kinds(peer, before)[0]);
        Assert.Single(Kinds(peer, before), RequestKind.Ping);
        Assert.Equal(20, Ids(peer, RequestKind.Store).Count);
        Assert.All(Ids(peer, RequestKind.Store), store => Assert.Equal((Given, false), (store.Token, store.SaysAuthored)));
    });

    [Fact]
    public void A_peer_that_does_not_answer_the_ping_gets_no_store() => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync(Given);
        await _world.PassAsync(HeldTokens.Fresh);
        peer.OnRequest = null;

        Assert.Null(await HandOffAsync(node, peer, Key));
        Assert.Empty(Ids(peer, RequestKind.Store));
    });

    /// <summary>It draws another key when it starts, and answers without another token.</summary>
    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_peer_that_restarted_is_asked_for_another_token_and_sent_the_value_once_more(bool tookIt) => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync(Given);
        var before = peer.Received.Count;
        var gives = Next;
        peer.OnRequest = (request, id, answer) => request.Kind switch
        {
            RequestKind.Ping => ResponseWriter.WritePong(answer, id, peer.Id, gives),
            RequestKind.Store when id.Token == Given => ResponseWriter.WriteStored(answer, id, tookIt),
            RequestKind.Store => ResponseWriter.WriteStored(answer, id, true, gives),
            _ => ResponseWriter.WriteNodes(answer, id, [], Given),
        };

        Assert.Equal(1, (await node.Node.Engine.SetOnContactsAsync(Key, true)).Stored);

        // What it took without knowing the author is not authored.
        Assert.Equal([RequestKind.FindNode, RequestKind.Store, RequestKind.Ping, RequestKind.Store], Kinds(peer, before));
        Assert.Equal([Given, Next], Ids(peer, RequestKind.Store).Select(store => store.Token));
    });

    [Fact]
    public void A_refusal_with_another_token_is_one_and_an_answer_brings_the_next() => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync(Given);
        peer.OnRequest = (request, id, answer) => request.Kind == RequestKind.Store
            ? ResponseWriter.WriteStored(answer, id, false, Next)
            : Answer(peer, Given)(request, id, answer);
        Assert.Equal(1, (await node.Node.Engine.SetOnContactsAsync(Key, true)).Refused);
        Assert.Single(Ids(peer, RequestKind.Store));

        await HandOffAsync(node, peer, Key);
        Assert.Equal(Next, Ids(peer, RequestKind.Store).Last().Token);
    });

    [Fact]
    public void What_a_stranger_says_unasked_is_believed_of_nobody() => _world.Run(async () =>
    {
        var (node, peer) = await StartAsync(Given);
        var buffer = new byte[Datagram.MaxLength];
        peer.Send(buffer.AsSpan(0, ResponseWriter.WritePong(buffer, MessageId.Random(_world.Random), peer.Id, Next)), node.Transport.Endpoint);
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        await HandOffAsync(node, peer, Key);

        Assert.Equal(Given, Ids(peer, RequestKind.Store).Single().Token);
    });

    [Fact]
    public void The_pong_of_a_stranger_brings_a_token_if_it_was_asked() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync(Without.Walks);
        var peer = _world.AddPeer();
        peer.OnRequest = Answer(peer, Given);
        var buffer = new byte[Datagram.MaxLength];
        var length = RequestWriter.Write(buffer, MessageId.Random(_world.Random), RequestKind.Ping, peer.Id, asksForToken: true);
        peer.Send(buffer.AsSpan(0, length), node.Transport.Endpoint);
        await _world.PassAsync(TimeSpan.FromSeconds(1));
        var before = peer.Received.Count;

        await HandOffAsync(node, peer, Key);

        Assert.Equal([RequestKind.Store], Kinds(peer, before));
        Assert.Equal(Given, Ids(peer, RequestKind.Store).Single().Token);
    });

    /// <summary>Most pings of upkeep were such proofs: what a contact stores then shows the token.</summary>
    [Fact]
    public void A_contact_that_asks_for_a_token_is_not_pinged_for_its_address_and_others_are() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync(Without.Walks);
        var (peer, other) = (_world.AddPeer(), new RawPeer(_world.Network.Bind(), NodeId.Random(_world.Random)));
        var taker = new RawPeer(_world.Network.Bind(), peer.Id);
        peer.OnRequest = Answer(peer, Given);
        await AskAsync(peer, asksForToken: true);
        Assert.True(node.Node.RoutingTable.Contains(new Contact(peer.Id, peer.Endpoint)));
        await _world.PassAsync(3 * VerifiedEndpoints.Generation);

        Assert.Equal((0, 1), await AskAsync(peer, asksForToken: true));
        Assert.Equal((1, 1), await AskAsync(other, asksForToken: true));
        Assert.Equal((1, 1), await AskAsync(taker, asksForToken: true));
        Assert.Equal((1, 1), await AskAsync(peer, asksForToken: false));

        // The pings and the pongs that it gets.
        async Task<(int Pings, int Pongs)> AskAsync(RawPeer asking, bool asksForToken)
        {
            var (pings, pongs) = (Kinds(asking, 0).Count, asking.Responses.Count());
            var buffer = new byte[Datagram.MaxLength];
            var length = RequestWriter.Write(buffer, MessageId.Random(_world.Random), RequestKind.Ping, asking.Id, asksForToken: asksForToken);
            asking.Send(buffer.AsSpan(0, length), node.Transport.Endpoint);
            await _world.PassAsync(TimeSpan.FromSeconds(0.3));
            return (Kinds(asking, 0).Count - pings, asking.Responses.Count() - pongs);
        }
    });

    /// <summary>Real nodes: what one sets is authored at all, and what is handed on from there keeps its mark.</summary>
    [Fact]
    public void What_a_node_sets_is_authored_wherever_it_goes_and_what_a_Python_node_stores_is_not() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(12, Without.Walks);
        var python = new CountingPeer(NodeId.Random(_world.Random), _world.Network.Bind(), PeerAnswers.Pings);
        for (var i = 0; i < 20; i++)
        {
            Assert.True((await _world.Nodes[i % 12].Node.SetAsync(Samples.Key(i), DhtValue.FromInteger(i))).Stored > 0);
            foreach (var node in _world.Nodes.Take(6))
            {
                python.Store(node.Transport.Endpoint, Samples.Key(100 + i), DhtValue.FromInteger(i), _world.Random);
            }

            await _world.PassAsync(TimeSpan.FromSeconds(5));
        }

        await _world.StartNetworkAsync(3, Without.Walks);
        await _world.PassAsync(TimeSpan.FromHours(3));
        var (authored, others) = (0, 0);
        foreach (var node in _world.Nodes)
        {
            for (var i = 0; i < 20; i++)
            {
                authored += await IsAuthoredAsync(node, Samples.Key(i)) is true ? 1 : 0;
                others += await IsAuthoredAsync(node, Samples.Key(100 + i)) is null ? 0 : 1;
                Assert.NotEqual(false, await IsAuthoredAsync(node, Samples.Key(i)));
                Assert.NotEqual(true, await IsAuthoredAsync(node, Samples.Key(100 + i)));
            }
        }

        Assert.Equal((15 * 20, true), (authored, others > 15 * 15));
    });

    private async Task<bool?> IsAuthoredAsync(SimulatedNode node, NodeId key) =>
        (await node.Store.GetAsync(key, _world.Clock.GetUtcNow()))?.IsAuthored;

    /// <summary>A node that knows one peer, which gives this token to all that ask.</summary>
    private async Task<(SimulatedNode Node, RawPeer Peer)> StartAsync(WriteToken token, bool answersStores = true)
    {
        var node = await _world.StartNodeAsync(Without.Walks);
        var peer = _world.AddPeer();
        var usual = Answer(peer, token);
        peer.OnRequest = (request, id, answer) => request.Kind == RequestKind.Store && !answersStores ? 0 : usual(request, id, answer);
        await node.Node.PingAsync(peer.Endpoint);
        Assert.Single(node.Node.RoutingTable.Contacts);
        return (node, peer);
    }

    private static RawPeer.Answerer Answer(RawPeer peer, WriteToken token) => (request, id, answer) => request.Kind switch
    {
        RequestKind.Ping => ResponseWriter.WritePong(answer, id, peer.Id, request.AsksForToken ? token : default),
        RequestKind.Store => ResponseWriter.WriteStored(answer, id, true, id.Token == token ? token : default),
        RequestKind.FindNode or RequestKind.FindValue => ResponseWriter.WriteNodes(answer, id, [], request.AsksForToken ? token : default),
        _ => 0,
    };

    private static Task<bool?> HandOffAsync(SimulatedNode node, RawPeer peer, NodeId key) =>
        node.Node.Engine.Storer.StoreAsync(key, new SentValue(true, TimeSpan.FromHours(1)), peer.Contact);

    private static List<RequestKind> Kinds(RawPeer peer, int from) => [.. peer.Received.Skip(from).Select(KindOf).OfType<RequestKind>()];

    private static List<MessageId> Ids(RawPeer peer, RequestKind kind) => [.. peer.Received
        .Where(datagram => KindOf(datagram) == kind)
        .Select(datagram => new MessageId(datagram.AsSpan(Datagram.IdOffset, MessageId.Length)))];

    private static RequestKind? KindOf(byte[] datagram) =>
        datagram[0] == (byte)DatagramKind.Request && Request.TryDecode(datagram.AsSpan(Datagram.HeaderLength), out var request) ? request.Kind : null;
}
