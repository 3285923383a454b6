using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.Wire;

namespace KadOrleans.Simulation.Liars;

/// <summary>
/// A node that answers pings under its id, so that it stays in everybody's table, and lies about everything else, with
/// each answer in another way. It says that it stored what it threw away.
/// </summary>
internal sealed class Liar : IDatagramReceiver
{
    private const int Contacts = 20;

    private static readonly Lie[] Lies = Enum.GetValues<Lie>();

    private readonly NodeId _id;
    private readonly SimulatedTransport _transport;
    private readonly SeededRandomSource _random;
    private readonly IReadOnlyList<Contact> _nodes;
    private readonly IReadOnlyList<Contact> _liars;
    private readonly byte[] _answer = new byte[Datagram.MaxLength + 256];
    private int _answers;

    /// <param name="id">Its id.</param>
    /// <param name="transport">Its place on the network.</param>
    /// <param name="random">Where its inventions come from.</param>
    /// <param name="nodes">Nodes whose addresses it names.</param>
    /// <param name="liars">Liars whom it names.</param>
    public Liar(
        NodeId id,
        SimulatedTransport transport,
        SeededRandomSource random,
        IReadOnlyList<Contact> nodes,
        IReadOnlyList<Contact> liars)
    {
        (_id, _transport, _random, _nodes, _liars) = (id, transport, random, nodes, liars);
        transport.Start(this);
    }

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source)
    {
        if (Datagram.TryReadHeader(datagram, out var kind, out var id, out var body, out _)
            && kind == DatagramKind.Request
            && Request.TryDecode(body, out var request, out _))
        {
            _transport.Send(_answer.AsSpan(0, Answer(request, id, source)), source);
        }
    }

    private int Answer(Request request, MessageId id, UdpEndpoint source) => request.Kind switch
    {
        RequestKind.Ping => ResponseWriter.WritePong(_answer, id, _id),
        RequestKind.Stun => ResponseWriter.WriteStun(_answer, id, source),
        RequestKind.Store => ResponseWriter.WriteStored(_answer, id, true),
        RequestKind.FindNode => ResponseWriter.WriteNodes(_answer, id, Invent(request.AsFindNode().Target)),
        _ => ResponseWriter.WriteNodes(_answer, id, Invent(request.AsFindValue().Key)),
    };

    private Contact[] Invent(NodeId target)
    {
        var lie = Lies[_answers % Lies.Length];
        _answers++;
        var contacts = new Contact[lie == Lie.TooMany ? ResponseWriter.MaxContacts : Contacts];
        for (var i = 0; i < contacts.Length; i++)
        {
            contacts[i] = Invent(lie, target, i);
        }

        return contacts;
    }

    private Contact Invent(Lie lie, NodeId target, int index) => lie switch
    {
        Lie.WrongIds => new Contact(Near(target, 24), _nodes[_random.Next(_nodes.Count)].Endpoint),
        Lie.OwnAddress => new Contact(Near(target, 24), _transport.Endpoint),
        Lie.ImpossibleAddresses => new Contact(Near(target, 24), Impossible(index)),
        Lie.TooMany => new Contact(Near(target, 8), UdpEndpoint.FromIPv4((uint)_random.Next(int.MaxValue), 8468)),
        _ => new Contact(Near(target, Math.Min(24 + _answers, 150)), _liars[_random.Next(_liars.Count)].Endpoint),
    };

    private NodeId Near(NodeId target, int sharedBits) => target.RandomWithPrefix(sharedBits, _random);

    private static UdpEndpoint Impossible(int index) => (index % 6) switch
    {
        0 => UdpEndpoint.FromIPv4(0x0A00_0001 + (uint)index, 8468),
        1 => UdpEndpoint.FromIPv4(0xC0A8_0001 + (uint)index, 8468),
        2 => UdpEndpoint.FromIPv4(0x7F00_0001, (ushort)(8468 + index)),
        3 => UdpEndpoint.FromIPv4(0xE000_0001 + (uint)index, 8468),
        4 => UdpEndpoint.FromIPv4((uint)index, 8468),
        _ => UdpEndpoint.FromIPv4(0x0B00_0001 + (uint)index, 0),
    };
}
