using KadOrleans.Core;
using KadOrleans.Node.Ports;
using KadOrleans.Wire;

namespace KadOrleans.Simulation.Attackers;

/// <summary>
/// One endpoint of an attacker on a <see cref="SimulatedNetwork"/>. It counts what it receives. It answers PING under its id,
/// STUN with the truth and STORE with <c>true</c>, though it stores nothing; a role overrides what it lies about.
/// </summary>
public abstract class AttackerPeer : IDatagramReceiver
{
    private readonly byte[] _answer = new byte[Datagram.MaxLength + 256];
    private readonly byte[] _request = new byte[Datagram.MaxLength];
    private readonly SimulatedTransport _transport;

    /// <summary>A peer that answers from now on.</summary>
    /// <param name="id">Its id.</param>
    /// <param name="transport">Its place on the network.</param>
    protected AttackerPeer(NodeId id, SimulatedTransport transport)
    {
        ArgumentNullException.ThrowIfNull(transport);
        (Contact, _transport) = (new Contact(id, transport.Endpoint), transport);
        transport.Start(this);
    }

    /// <summary>Its id and endpoint.</summary>
    public Contact Contact { get; }

    /// <summary>Datagrams received so far, requests and responses.</summary>
    public int Received { get; private set; }

    /// <summary>Bytes received so far.</summary>
    public long ReceivedBytes { get; private set; }

    /// <summary>Requests received so far.</summary>
    public int Requests { get; private set; }

    /// <summary>Sends a PING under its id, so that its receiver pings it and makes a contact of it.</summary>
    public void Ping(UdpEndpoint destination, SeededRandomSource random) => Send(
        _request.AsSpan(0, RequestWriter.WritePing(_request, MessageId.Random(random), new PingRequest(Contact.Id))),
        destination);

    /// <summary>Sends a datagram from its endpoint.</summary>
    public void Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => _transport.Send(datagram, destination);

    /// <inheritdoc/>
    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age)
    {
        Received++;
        ReceivedBytes += datagram.Length;
        if (!Datagram.TryReadHeader(datagram, out var kind, out var id, out var body, out _))
        {
            return;
        }

        if (kind == DatagramKind.Response)
        {
            OnResponse(id, body);
        }
        else if (Request.TryDecode(body, out var request, out _))
        {
            Requests++;
            OnRequest(request, id, source);
        }
    }

    /// <summary>Handles a response to a request of this peer. By default it does nothing.</summary>
    private protected virtual void OnResponse(MessageId id, ReadOnlySpan<byte> body)
    {
    }

    /// <summary>Handles a request. By default it sends at once what <see cref="Answer"/> writes.</summary>
    private protected virtual void OnRequest(Request request, MessageId id, UdpEndpoint source)
    {
        var length = Answer(request, id, source, _answer);
        if (length > 0)
        {
            Send(_answer.AsSpan(0, length), source);
        }
    }

    /// <summary>Writes the answer to a request and returns its length in bytes; 0 is silence.</summary>
    private protected virtual int Answer(Request request, MessageId id, UdpEndpoint source, Span<byte> answer) => request.Kind switch
    {
        RequestKind.Ping => ResponseWriter.WritePong(answer, id, Contact.Id),
        RequestKind.Stun => ResponseWriter.WriteStun(answer, id, source),
        RequestKind.Store => ResponseWriter.WriteStored(answer, id, true),
        RequestKind.FindNode => ResponseWriter.WriteNodes(answer, id, Name(request.AsFindNode().Target)),
        _ => AnswerFindValue(request.AsFindValue().Key, id, answer),
    };

    /// <summary>Writes the answer to FIND_VALUE. By default it names contacts.</summary>
    private protected virtual int AnswerFindValue(NodeId key, MessageId id, Span<byte> answer) =>
        ResponseWriter.WriteNodes(answer, id, Name(key));

    /// <summary>Whom it names when asked for an id. By default nobody.</summary>
    protected virtual Contact[] Name(NodeId target) => [];
}
