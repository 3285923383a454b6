namespace KadOrleans.Lab;

/// <summary>
/// One endpoint under the control of a test or an attack. It counts what it receives. It answers PING under its id, STUN with the truth
/// and STORE with <c>true</c>, though it stores nothing; a role overrides what it lies about.
/// </summary>
public abstract class ScriptedPeer : IDatagramReceiver, IAsyncDisposable
{
    private readonly byte[] _answer = new byte[Datagram.MaxLength + 256];
    private readonly IDatagramTransport _transport;

    protected ScriptedPeer(NodeId id, IDatagramTransport transport)
    {
        (Contact, _transport) = (new Contact(id, transport.LocalEndpoints[0]), transport);
        transport.Start(this);
    }

    public Contact Contact { get; }

    public NodeId Id => Contact.Id;

    public UdpEndpoint Endpoint => Contact.Endpoint;

    public int Datagrams { get; private set; }

    public long ReceivedBytes { get; private set; }

    public void Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => _transport.Send(datagram, destination);

    /// <summary>Sends a PING under its id, so that a receiver whose table has a place for it pings it and makes a contact of it.</summary>
    public void Ping(UdpEndpoint destination, IRandomSource random) => Ping(destination, MessageId.Random(random));

    /// <summary>Asks for the nodes around its own id, as one that joins. Its receiver pings it, and it may wait for a place in a full bucket.</summary>
    public void Join(UdpEndpoint destination, IRandomSource random) => FindNode(destination, MessageId.Random(random), Id);

    /// <summary>Sends a STORE without a life.</summary>
    public void Store(UdpEndpoint destination, NodeId key, DhtValue value, IRandomSource random) =>
        Store(destination, MessageId.Random(random), new StoreRequest(Id, key, value));

    internal void Ping(UdpEndpoint destination, MessageId id) =>
        Send(b => RequestWriter.Write(b, id, RequestKind.Ping, Id), destination);

    internal void FindNode(UdpEndpoint destination, MessageId id, NodeId target) =>
        Send(b => RequestWriter.Write(b, id, RequestKind.FindNode, Id, target), destination);

    internal void FindValue(UdpEndpoint destination, MessageId id, NodeId key) =>
        Send(b => RequestWriter.Write(b, id, RequestKind.FindValue, Id, key), destination);

    internal void Store(UdpEndpoint destination, MessageId id, StoreRequest request) =>
        Send(b => RequestWriter.TryWriteStore(b, id, request with { Sender = Id }, out var length) ? length : 0, destination);

    public virtual void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age)
    {
        Datagrams++;
        ReceivedBytes += datagram.Length;
        if (!Datagram.TryReadHeader(datagram, out var kind, out var id, out var body))
        {
            return;
        }

        if (kind == DatagramKind.Response)
        {
            OnResponse(id, body);
        }
        else if (Request.TryDecode(body, out var request))
        {
            Take(request, id, source);
        }
    }

    public ValueTask DisposeAsync()
    {
        GC.SuppressFinalize(this);
        return _transport.DisposeAsync();
    }

    private protected virtual void OnResponse(MessageId id, ReadOnlySpan<byte> body)
    {
    }

    /// <summary>Handles a request. By default it sends at once what <see cref="Answer"/> writes.</summary>
    private protected virtual void Take(Request request, MessageId id, UdpEndpoint source)
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
        RequestKind.Ping => ResponseWriter.WritePong(answer, id, Id),
        RequestKind.Stun => ResponseWriter.WriteStun(answer, id, source),
        RequestKind.Store => ResponseWriter.WriteStored(answer, id, true),
        RequestKind.FindNode => ResponseWriter.WriteNodes(answer, id, Name(request.Target)),
        _ => AnswerFindValue(request.Target, id, answer),
    };

    private protected virtual int AnswerFindValue(NodeId key, MessageId id, Span<byte> answer) =>
        ResponseWriter.WriteNodes(answer, id, Name(key));

    protected virtual Contact[] Name(NodeId target) => [];

    private void Send(Func<byte[], int> write, UdpEndpoint destination)
    {
        var buffer = new byte[Datagram.MaxLength];
        Send(buffer.AsSpan(0, write(buffer)), destination);
    }
}

/// <summary>Counts what the responses to its requests say. Whoever answers pings alone stays in tables, and delays each lookup.</summary>
public sealed class CountingPeer(NodeId id, IDatagramTransport transport, PeerAnswers answers = PeerAnswers.All) : ScriptedPeer(id, transport)
{
    private readonly Contact[] _contacts = new Contact[ResponseWriter.MaxContacts];

    public PeerAnswers Answers { get; set; } = answers;

    public int Pongs { get; private set; }

    public int Stored { get; private set; }

    public int Refused { get; private set; }

    public int MostContacts { get; private set; }

    public int Named { get; private set; }

    public int Found { get; private set; }

    /// <summary>The value of the last response that had one.</summary>
    public DhtValue Value { get; private set; }

    private protected override int Answer(Request request, MessageId id, UdpEndpoint source, Span<byte> answer) =>
        Answers == PeerAnswers.All || (Answers == PeerAnswers.Pings && request.Kind == RequestKind.Ping) ? base.Answer(request, id, source, answer) : 0;

    private protected override void OnResponse(MessageId id, ReadOnlySpan<byte> body)
    {
        if (ResponseReader.TryReadPong(body, out _))
        {
            Pongs++;
        }
        else if (ResponseReader.TryReadStored(body, out var stored))
        {
            (Stored, Refused) = stored ? (Stored + 1, Refused) : (Stored, Refused + 1);
        }
        else if (ResponseReader.TryReadFindValue(body, _contacts, out var count, out var value))
        {
            MostContacts = Math.Max(MostContacts, count);
            Named += count;
            if (value.Kind != DhtValueKind.None)
            {
                Value = value;
                Found++;
            }
        }
    }
}

/// <summary>Which requests a <see cref="CountingPeer"/> answers.</summary>
public enum PeerAnswers
{
    None,
    Pings,
    All,
}
