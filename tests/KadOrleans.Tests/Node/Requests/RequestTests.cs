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
    public void An_answer_to_the_retry_counts() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var peer = _world.AddPeer();
        peer.OnRequest = (request, id, answer) => peer.Received.Count < 2 ? 0 : peer.AnswerPings(request, id, answer);

        var result = await node.Node.PingAsync(peer.Endpoint);

        Assert.Equal(peer.Id, result.Id);
        Assert.Equal([peer.Contact], node.Node.RoutingTable.Contacts);
    });

    [Fact]
    public void An_answer_from_another_endpoint_is_ignored() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var asked = _world.AddPeer();
        var other = _world.AddPeer();
        asked.OnRequest = (_, id, answer) =>
        {
            other.Send(answer[..ResponseWriter.WritePong(answer, id, other.Id)], node.Transport.Endpoint);
            return 0;
        };

        var result = await node.Node.PingAsync(asked.Endpoint);

        Assert.Equal(RequestFailure.TimedOut, result.Failure);
        Assert.Empty(node.Node.RoutingTable.Contacts);
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
    public void The_timeout_is_learned_per_contact() => _world.Run(async () =>
    {
        _world.Network.Conditions = Quick;
        var node = await _world.StartNodeAsync();
        var peer = _world.AddAnsweringPeer();
        for (var i = 0; i < 30; i++)
        {
            await node.Node.PingAsync(peer.Endpoint);
        }

        peer.OnRequest = null;
        var result = await node.Node.PingAsync(peer.Endpoint);

        Assert.Equal(RoundTripEstimate.MinTimeout + RoundTripEstimate.MinRetryTimeout, result.RoundTrip);
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

    [Fact]
    public void A_contact_is_dropped_after_repeated_failures_not_after_one() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var peer = _world.AddAnsweringPeer();
        await node.Node.PingAsync(peer.Endpoint);
        peer.OnRequest = null;

        await node.Node.FindNodeAsync(peer.Id);
        Assert.Single(node.Node.RoutingTable.Contacts);

        await _world.PassAsync(TimeSpan.FromSeconds(5));
        await node.Node.FindNodeAsync(peer.Id);
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
    public void Stopping_the_node_gives_its_requests_up() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var ping = node.Node.PingAsync(_world.AddPeer().Endpoint);

        await node.StopAsync();

        Assert.Equal(RequestFailure.Cancelled, (await ping).Failure);
    });

    [Fact]
    public void A_contact_that_answers_nonsense_is_dropped_like_a_silent_one() => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync();
        var peer = _world.AddAnsweringPeer();
        await node.Node.PingAsync(peer.Endpoint);
        peer.OnRequest = (_, id, answer) => ResponseWriter.WriteStored(answer, id, true);

        for (var i = 0; i < 3; i++)
        {
            await node.Node.FindNodeAsync(peer.Id);
            await _world.PassAsync(TimeSpan.FromSeconds(6));
        }

        Assert.Empty(node.Node.RoutingTable.Contacts);
    });

    [Fact]
    public void A_slow_node_among_quick_ones_is_heard_and_its_pace_is_learned() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(10, Without.Walks);
        var node = _world.Nodes[0];
        var slow = _world.AddPeer();
        slow.OnRequest = (request, id, answer) =>
        {
            var length = slow.AnswerPings(request, id, answer);
            var late = answer[..length].ToArray();
            _world.Clock.CreateTimer(
                _ => slow.Send(late, node.Transport.Endpoint), null, TimeSpan.FromSeconds(1), Timeout.InfiniteTimeSpan);
            return 0;
        };

        Assert.Equal(slow.Id, (await node.Node.PingAsync(slow.Endpoint)).Id);
        slow.Received.Clear();
        Assert.Equal(slow.Id, (await node.Node.PingAsync(slow.Endpoint)).Id);

        Assert.Single(slow.Received);
    });
}
