namespace KadOrleans.Tests.Node;

public sealed class PendingResponseTests
{
    private readonly SimulatedWorld _world = new(seed: 33, new NetworkConditions
    {
        MinDelay = TimeSpan.FromMilliseconds(50),
        MaxDelay = TimeSpan.FromMilliseconds(50),
    });

    // The text of a long IPv6 address makes the answer more than twice as long as a STUN request.
    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public void A_held_stun_is_answered_as_such(bool clientOnly) => _world.Run(async () =>
    {
        var node = await _world.StartNodeAsync(o => o.ClientOnly = clientOnly);
        var endpoint = UdpEndpoint.Parse("[2a01:14f8:1234:5678:9abc:def0:1234:5678]:45678");
        var peer = new RawPeer(_world.Network.Bind(endpoint), NodeId.Random(_world.Random));
        peer.OnRequest = peer.AnswerPings;
        var buffer = new byte[Datagram.MaxLength];

        var length = RequestWriter.Write(buffer, MessageId.Random(_world.Random), RequestKind.Stun);
        peer.Send(buffer.AsSpan(0, length), node.Transport.Endpoint);
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Single(peer.Requests);
        Assert.True(Datagram.TryReadHeader(Assert.Single(peer.Responses), out _, out _, out var body));
        Assert.True(ResponseReader.TryReadStun(body, out var seen));
        Assert.Equal(endpoint, seen);
    });

    [Fact]
    public void Giving_a_ping_up_gives_no_held_answer_up() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(25, Without.Walks);
        var node = _world.Nodes[0];
        var stranger = _world.AddAnsweringPeer();

        stranger.FindNode(node.Transport.Endpoint, MessageId.Random(_world.Random), NodeId.Random(_world.Random));
        await _world.PassAsync(TimeSpan.FromMilliseconds(60));
        await node.Node.PingAsync(stranger.Endpoint, new CancellationToken(canceled: true));
        await _world.PassAsync(TimeSpan.FromSeconds(1));

        Assert.Single(stranger.Responses);
    });
}
