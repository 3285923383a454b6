namespace KadOrleans.Lab;

/// <summary>A peer under a test's control: records what it receives and sends what it is told to, bytes or messages.</summary>
public sealed class RawPeer : IDatagramReceiver
{
    private readonly SimulatedTransport _transport;

    public RawPeer(SimulatedTransport transport, NodeId id)
    {
        _transport = transport;
        Id = id;
        transport.Start(this);
    }

    public NodeId Id { get; }

    public UdpEndpoint Endpoint => _transport.Endpoint;

    public Contact Contact => new(Id, Endpoint);

    public IList<byte[]> Received { get; } = [];

    public long ReceivedBytes => Received.Sum(d => (long)d.Length);

    public IEnumerable<byte[]> Responses => Received.Where(d => d.Length > 0 && d[0] == (byte)DatagramKind.Response);

    public IEnumerable<byte[]> Requests => Received.Where(d => d.Length > 0 && d[0] == (byte)DatagramKind.Request);

    /// <summary>Writes the answer to a request into the buffer and returns its length; 0 is silence.</summary>
    internal Answerer? OnRequest { get; set; }

    internal delegate int Answerer(Request request, MessageId id, Span<byte> answer);

    /// <summary>An answerer that is a node without contacts and values: it answers pings, and nothing else.</summary>
    internal int AnswerPings(Request request, MessageId id, Span<byte> answer) =>
        request.Kind == RequestKind.Ping ? ResponseWriter.WritePong(answer, id, Id) : 0;

    public void Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => _transport.Send(datagram, destination);

    internal void Ping(UdpEndpoint destination, MessageId id) =>
        Send(b => RequestWriter.Write(b, id, RequestKind.Ping, Id), destination);

    internal void FindNode(UdpEndpoint destination, MessageId id, NodeId target) =>
        Send(b => RequestWriter.Write(b, id, RequestKind.FindNode, Id, target), destination);

    internal void FindValue(UdpEndpoint destination, MessageId id, NodeId key) =>
        Send(b => RequestWriter.Write(b, id, RequestKind.FindValue, Id, key), destination);

    internal void Store(UdpEndpoint destination, MessageId id, StoreRequest request) =>
        Send(b => RequestWriter.TryWriteStore(b, id, request with { Sender = Id }, out var length) ? length : 0, destination);

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age)
    {
        Received.Add(datagram.ToArray());
        if (OnRequest is null
            || !Datagram.TryReadHeader(datagram, out var kind, out var id, out var body)
            || kind != DatagramKind.Request
            || !Request.TryDecode(body, out var request))
        {
            return;
        }

        var answer = new byte[Datagram.MaxLength];
        var length = OnRequest(request, id, answer);
        if (length > 0)
        {
            Send(answer.AsSpan(0, length), source);
        }
    }

    private void Send(Func<byte[], int> write, UdpEndpoint destination)
    {
        var buffer = new byte[Datagram.MaxLength];
        Send(buffer.AsSpan(0, write(buffer)), destination);
    }
}

/// <summary>Peers under a test's control in a <see cref="SimulatedWorld"/>.</summary>
public static class SimulatedWorldPeers
{
    public static RawPeer AddPeer(this SimulatedWorld world) => new(world.Network.Bind(), NodeId.Random(world.Random));
}
