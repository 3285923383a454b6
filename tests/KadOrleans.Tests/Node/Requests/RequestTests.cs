namespace KadOrleans.Tests.Node;

public sealed class RequestTests
{
    private static readonly NetworkConditions Quick = new() { MinDelay = TimeSpan.FromMilliseconds(2), MaxDelay = TimeSpan.FromMilliseconds(2) };

    private readonly SimulatedWorld _world = new(seed: 6);

    [Fact]
    public void A_request_is_sent_once_more_and_then_fails() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var silent = _world.AddPeer();

        var result = await node.Node.PingAsync(silent.Endpoint);

        Assert.Equal(RequestFailure.TimedOut, result.Failure);
        Assert.Equal(2, silent.Received.Count);

        // Under an id of its own, so that its answer can be told from the other's.
        Assert.NotEqual(silent.Received[0], silent.Received[1]);
        Assert.Equal(silent.Received[0][Datagram.HeaderLength..], silent.Received[1][Datagram.HeaderLength..]);
        Assert.Equal(3 * RoundTripEstimate.InitialTimeout, result.RoundTrip);
    });

    [Fact]
    public void An_answer_that_is_none_fails_the_request_at_once() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var peer = _world.AddPeer();
        peer.OnRequest = (_, id, answer) => ResponseWriter.WriteStored(answer, id, true);

        var result = await node.Node.PingAsync(peer.Endpoint);

        Assert.Equal(RequestFailure.Malformed, result.Failure);
        Assert.Single(peer.Received);
    });

    [Fact]
    public void Losses_do_not_make_the_node_wait_longer_each_time() => _world.Run(async () =>
    {
        _world.Network.Conditions = Quick;
        var node = await _world.StartNodeAsync();
        var peer = _world.AddAnsweringPeer();
        await node.Node.PingAsync(peer.Endpoint);
        peer.OnRequest = (request, id, answer) => peer.Received.Count % 2 == 0 ? 0 : peer.AnswerPings(request, id, answer);

        PingResult result = null!;
        for (var i = 0; i < 20; i++)
        {
            result = await node.Node.PingAsync(peer.Endpoint);
        }

        Assert.True(result.Answered);
        Assert.Equal(RoundTripEstimate.MinTimeout + TimeSpan.FromMilliseconds(4), result.RoundTrip);
    });

    [Theory]
    [InlineData(true)]
    [InlineData(false)]
    public void A_contact_is_dropped_after_repeated_failures_not_after_one(bool isSilent) => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var peer = _world.AddAnsweringPeer();
        await node.Node.PingAsync(peer.Endpoint);
        peer.OnRequest = isSilent ? null : (_, id, answer) => ResponseWriter.WriteStored(answer, id, true);

        await node.Node.FindNodeAsync(peer.Id);
        Assert.Single(node.Node.RoutingTable.Contacts);

        await _world.PassAsync(TimeSpan.FromSeconds(5));
        await node.Node.FindNodeAsync(peer.Id);

        // A lookup with nobody else to ask may end before the last request does.
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Empty(node.Node.RoutingTable.Contacts);
    });

    [Fact]
    public void A_cancelled_ping_ends_at_once() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(10), _world.Clock);

        var result = await node.Node.PingAsync(_world.AddPeer().Endpoint, cancellation.Token);

        Assert.Equal(RequestFailure.Cancelled, result.Failure);
        Assert.Equal(TimeSpan.FromMilliseconds(10), result.RoundTrip);
    });

    [Fact]
    public void A_slow_node_among_quick_ones_is_heard_and_its_pace_is_learned() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(10, Without.Walks);
        var node = _world.Nodes[0];
        var slow = _world.AddPeer();
        slow.OnRequest = (request, id, answer) => SendLate(slow, node, answer[..slow.AnswerPings(request, id, answer)], TimeSpan.FromSeconds(1));

        Assert.Equal(slow.Id, (await node.Node.PingAsync(slow.Endpoint)).Id);
        slow.Received.Clear();
        Assert.Equal(slow.Id, (await node.Node.PingAsync(slow.Endpoint)).Id);

        Assert.Single(slow.Received);
    });

    // A lookup does not wait: others could be asked meanwhile.
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public void A_survey_gives_a_contact_that_needs_a_proof_first_another_round_trip(bool isSurvey, int requests) => _world.Run(async () =>
    {
        _world.Network.Conditions = Quick;
        var node = await _world.StartNodeAsync();
        var peer = _world.AddAnsweringPeer();
        await node.Node.PingAsync(peer.Endpoint);

        // As if its ping took a round trip of the least timeout.
        peer.OnRequest = (_, id, answer) =>
            SendLate(peer, node, answer[..ResponseWriter.WriteNodes(answer, id, [])], RoundTripEstimate.MinTimeout * 1.5);
        peer.Received.Clear();
        await LookUpAsync(node, peer.Id, isSurvey);

        Assert.Equal(requests, peer.Received.Count);
    });

    // For a lookup somebody waits.
    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public void A_survey_asks_a_contact_once_that_answered_nothing_since_the_last_request(bool isSurvey, int requests) => _world.Run(async () =>
    {
        _world.Network.Conditions = Quick;
        var node = await _world.StartNodeAsync();
        var peer = _world.AddAnsweringPeer();
        await node.Node.PingAsync(peer.Endpoint);
        var asked = FallSilent(peer, RequestKind.FindNode);
        await LookUpAsync(node, peer.Id, isSurvey);
        Assert.Equal(2, asked());
        await LookUpAsync(node, peer.Id, isSurvey);
        Assert.Equal(2 + requests, asked());
    });

    [Theory]
    [InlineData(true, 1)]
    [InlineData(false, 2)]
    public void A_token_is_asked_for_once_of_who_answered_nothing_since_the_last_request(bool wasAsked, int pings) => _world.Run(async () =>
    {
        _world.Network.Conditions = Quick;
        var node = await _world.StartNodeAsync(Without.Walks);
        var peer = _world.AddAnsweringPeer();
        await node.Node.PingAsync(peer.Endpoint);
        var asked = FallSilent(peer, RequestKind.Ping);
        if (wasAsked)
        {
            await node.Node.FindNodeAsync(peer.Id);
        }

        Assert.False(await node.Node.Engine.Tokens.AskAsync(peer.Contact));
        Assert.Equal(pings, asked());
    });

    // Others are fast, and so a first request waits for 100 ms.
    [Fact]
    public void A_slow_contact_that_left_a_request_unanswered_is_waited_for() => _world.Run(async () =>
    {
        _world.Network.Conditions = Quick;
        var node = await _world.StartNodeAsync(Without.Walks);
        var slow = _world.AddAnsweringPeer();
        await node.Node.PingAsync(slow.Endpoint);
        slow.OnRequest = (_, _, _) => 0;
        await node.Node.FindNodeAsync(slow.Id);
        slow.OnRequest = (request, id, answer) => SendLate(slow, node, answer[..slow.AnswerPings(request, id, answer)], TimeSpan.FromSeconds(0.3));

        Assert.True(await node.Node.Engine.Tokens.AskAsync(slow.Contact));
    });

    [Fact]
    public void A_disk_that_is_slower_than_the_network_is_waited_for() => _world.Run(async () =>
    {
        _world.Network.Conditions = Quick;
        var node = await _world.StartNodeAsync();
        var slow = _world.AddPeer();
        slow.OnRequest = (request, id, answer) => request.Kind switch
        {
            RequestKind.Store => SendLate(slow, node, answer[..ResponseWriter.WriteStored(answer, id, true)], TimeSpan.FromSeconds(1.5)),
            RequestKind.Ping => slow.AnswerPings(request, id, answer),
            _ => ResponseWriter.WriteNodes(answer, id, []),
        };
        await node.Node.PingAsync(slow.Endpoint);

        var set = await node.Node.SetAsync("key", DhtValue.FromInteger(1));

        Assert.Equal((1, 0), (set.Stored, set.Failed));
    });

    [Fact]
    public void A_table_that_throws_on_a_failure_stops_no_other_timeout() => _world.Run(async () =>
    {
        var silent = _world.AddPeer();
        await using var store = new InMemoryKeyStore(new());
        var table = new FaultyTable(NodeId.Random(_world.Random), _world.Clock) { ThrowsOnFailures = true };
        table.Observe(ContactObservation.Answered(silent.Contact));
        await using var node = new DhtNode(new KadNodeOptions(), _world.Network.Bind(), table, store, _world.Environment);
        node.Start();

        await node.FindNodeAsync(NodeId.MaxValue);
        await _world.PassAsync(TimeSpan.FromSeconds(10));
        var ping = await node.PingAsync(silent.Endpoint).WaitAsync(TimeSpan.FromSeconds(20), _world.Clock);

        Assert.Equal(RequestFailure.TimedOut, ping.Failure);
        Assert.Equal(1, table.Failures);
    });

    [Fact]
    public void A_set_that_is_given_up_during_its_lookup_stores_nothing() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(10, Without.Walks);
        var node = _world.Nodes[0];
        using var cancellation = new CancellationTokenSource(TimeSpan.FromMilliseconds(90), _world.Clock);

        await Assert.ThrowsAnyAsync<OperationCanceledException>(
            () => node.Node.SetAsync("key", DhtValue.FromInteger(1), cancellation.Token));
        await _world.PassAsync(TimeSpan.FromSeconds(10));

        Assert.All(_world.Nodes, n => Assert.Equal(0, n.Node.Engine.Counts["stores.accepted"]));
        Assert.Equal(0, (await node.Store.GetUsageAsync()).Keys);
    });

    private static Task LookUpAsync(SimulatedNode node, NodeId target, bool isSurvey) =>
        isSurvey ? node.Node.Engine.Lookups.SurveyAsync(target, CancellationToken.None) : node.Node.FindNodeAsync(target);

    // Answers no more, and counts the requests of one kind from then on.
    private static Func<int> FallSilent(RawPeer peer, RequestKind kind)
    {
        var asked = 0;
        peer.OnRequest = (request, _, _) =>
        {
            asked += request.Kind == kind ? 1 : 0;
            return 0;
        };
        return () => asked;
    }

    // Nothing now, and the answer after some time.
    private int SendLate(RawPeer peer, SimulatedNode node, ReadOnlySpan<byte> answer, TimeSpan after)
    {
        var late = answer.ToArray();
        _world.Clock.CreateTimer(_ => peer.Send(late, node.Transport.Endpoint), null, after, Timeout.InfiniteTimeSpan);
        return 0;
    }
}
