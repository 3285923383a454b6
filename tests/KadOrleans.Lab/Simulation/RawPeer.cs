namespace KadOrleans.Lab;

/// <summary>A peer under a test's control: records what it receives and sends what it is told to, bytes or messages.</summary>
public sealed class RawPeer(IDatagramTransport transport, NodeId id) : ScriptedPeer(id, transport)
{
    public IList<byte[]> Received { get; } = [];

    public IEnumerable<byte[]> Responses => Received.Where(d => d.Length > 0 && d[0] == (byte)DatagramKind.Response);

    /// <summary>Writes the answer to a request into the buffer and returns its length; 0 is silence.</summary>
    internal Answerer? OnRequest { get; set; }

    internal delegate int Answerer(Request request, MessageId id, Span<byte> answer);

    /// <summary>An answerer that is a node without contacts and values: it answers pings, and nothing else.</summary>
    internal int AnswerPings(Request request, MessageId id, Span<byte> answer) =>
        request.Kind == RequestKind.Ping ? ResponseWriter.WritePong(answer, id, Id) : 0;

    public override void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age)
    {
        Received.Add(datagram.ToArray());
        base.Receive(datagram, source, route, age);
    }

    private protected override int Answer(Request request, MessageId id, UdpEndpoint source, Span<byte> answer) =>
        OnRequest?.Invoke(request, id, answer) ?? 0;
}
