using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.Testing.Simulation;
using KadOrleans.Wire;

namespace KadOrleans.Node.Tests;

public sealed class HeldAnswerTests
{
    private readonly SimulatedWorld _world = new(seed: 8);

    [Fact]
    public void Requests_beyond_the_bound_cost_a_newcomer_none_of_its_held_answers() => _world.Run(async () =>
    {
        await _world.StartNetworkAsync(10);
        var node = _world.Nodes[0];
        await _world.PassAsync(TimeSpan.FromSeconds(5));
        var newcomer = new Newcomer(_world.Network.Bind(), NodeId.Random(_world.Random));

        for (var i = 0; i < 12; i++)
        {
            newcomer.Ask(node.Contact.Endpoint, MessageId.Random(_world.Random), NodeId.Random(_world.Random));
        }

        await _world.PassAsync(TimeSpan.FromSeconds(5));
        Assert.Equal(8, newcomer.Answers);
    });

    /// <summary>A node that answers PING and counts what its own requests bring.</summary>
    private sealed class Newcomer : IDatagramReceiver
    {
        private readonly SimulatedTransport _transport;
        private readonly NodeId _id;

        public Newcomer(SimulatedTransport transport, NodeId id)
        {
            (_transport, _id) = (transport, id);
            transport.Start(this);
        }

        public int Answers { get; private set; }

        public void Ask(UdpEndpoint destination, MessageId id, NodeId target)
        {
            var datagram = new byte[Datagram.MaxLength];
            var length = RequestWriter.WriteFindNode(datagram, id, new FindNodeRequest(_id, target));
            _transport.Send(datagram.AsSpan(0, length), destination);
        }

        public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source)
        {
            Assert.True(Datagram.TryReadHeader(datagram, out var kind, out var id, out _, out _));
            if (kind == DatagramKind.Response)
            {
                Answers++;
                return;
            }

            var pong = new byte[Datagram.MaxLength];
            _transport.Send(pong.AsSpan(0, ResponseWriter.WritePong(pong, id, _id)), source);
        }
    }
}
