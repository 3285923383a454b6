using System.Runtime.InteropServices;

namespace KadOrleans.Tests.Node;

/// <summary>A node that is handed datagrams from any source, and keeps books of the bytes that it sends to whom.</summary>
internal sealed class Ledger : IAsyncDisposable
{
    private readonly Dictionary<UdpEndpoint, List<byte[]>> _sent = [];

    /// <param name="contacts">Whom the node knows.</param>
    /// <param name="configure">Its options.</param>
    /// <param name="quota">That of its store.</param>
    /// <param name="random">The seed of its random choices.</param>
    /// <param name="sibling">A node of the same process, whose store and guard it shares.</param>
    /// <param name="siblings">The ids that share its store.</param>
    public Ledger(
        IEnumerable<Contact> contacts,
        Action<KadNodeOptions>? configure = null,
        StoreQuota? quota = null,
        int random = 17,
        Ledger? sibling = null,
        SiblingIds? siblings = null)
    {
        Random = new SeededRandomSource(random);
        Store = sibling?.Store ?? new InMemoryKeyStore(quota ?? new StoreQuota());
        var options = new KadNodeOptions();
        configure?.Invoke(options);
        var table = new LocalRoutingTable(NodeId.Random(Random), options.Kademlia, new SubnetDiversity(), Clock);
        foreach (var contact in contacts)
        {
            table.Observe(ContactObservation.Answered(contact));
        }

        var environment = new NodeEnvironment { Time = Clock, Random = Random };
        Writes = sibling?.Writes ?? new WriteGuard(options, environment);
        Node = new DhtNode(options, new Transport(this), table, Store, environment, writes: Writes, siblings: siblings);
        Node.Start();
    }

    public ManualTimeProvider Clock { get; } = new();

    public SeededRandomSource Random { get; }

    public InMemoryKeyStore Store { get; }

    public WriteGuard Writes { get; }

    public DhtNode Node { get; }

    /// <summary>Bytes sent to everybody.</summary>
    public long SentBytes { get; private set; }

    /// <summary>What an endpoint was sent, in order.</summary>
    public IReadOnlyList<byte[]> SentTo(UdpEndpoint endpoint) => _sent.GetValueOrDefault(endpoint, []);

    public IEnumerable<byte[]> Answers(UdpEndpoint endpoint) => SentTo(endpoint).Where(d => d[0] == (byte)DatagramKind.Response);

    public IEnumerable<byte[]> Pings(UdpEndpoint endpoint) => SentTo(endpoint).Where(d => d[0] == (byte)DatagramKind.Request);

    /// <summary>Hands the node a request of a stranger.</summary>
    public byte[] Receive(Func<byte[], int> write, UdpEndpoint source, int strayBytes = 0)
    {
        var buffer = new byte[Datagram.MaxLength];
        var datagram = buffer[..(write(buffer) + strayBytes)];
        Node.Receive(datagram, source);
        return datagram;
    }

    /// <summary>Answers the last ping that an endpoint was sent, with an id or as a client.</summary>
    public void AnswerPing(UdpEndpoint endpoint, NodeId? id)
    {
        var ping = new MessageId(Pings(endpoint).Last().AsSpan(Datagram.IdOffset, MessageId.Length));
        var pong = new byte[Datagram.MaxLength];
        var length = id is { } known ? ResponseWriter.WritePong(pong, ping, known) : ResponseWriter.WriteEmptyPong(pong, ping);
        Node.Receive(pong.AsSpan(0, length), endpoint);
    }

    /// <summary>The token of the last answer that an endpoint was sent.</summary>
    public WriteToken TokenOf(UdpEndpoint endpoint) =>
        ResponseReader.TryReadToken(Answers(endpoint).Last().AsSpan(Datagram.HeaderLength), out var token) ? token : WriteToken.None;

    /// <summary>A token that the node gives to an endpoint.</summary>
    public WriteToken AskForToken(UdpEndpoint endpoint)
    {
        Receive(Ping(asks: true), endpoint);
        return TokenOf(endpoint);
    }

    public Func<byte[], int> Ping(bool asks = false) => Write(RequestKind.Ping, asks: asks);

    public Func<byte[], int> Stun() => Write(RequestKind.Stun);

    public Func<byte[], int> FindNode(bool asks = false) => Write(RequestKind.FindNode, NodeId.Random(Random), asks: asks);

    public Func<byte[], int> FindValue(NodeId key, bool asks = false) => Write(RequestKind.FindValue, key, asks: asks);

    public Func<byte[], int> Put(NodeId key, DhtValue value) => Write(RequestKind.Store, key, value);

    /// <summary>A STORE that bears a token, and the mark of an author.</summary>
    public Func<byte[], int> Put(
        NodeId key, DhtValue value, WriteToken token, bool isAuthored = true, uint? secondsLeft = null, NodeId? sender = null) => buffer =>
        RequestBytes.Write(
            buffer,
            RequestKind.Store,
            MessageId.Bearing(token, isAuthored, Random),
            new StoreRequest(sender ?? NodeId.Random(Random), key, value, secondsLeft));

    public ValueTask DisposeAsync() => Node.DisposeAsync();

    private Func<byte[], int> Write(RequestKind kind, NodeId key = default, DhtValue value = default, bool asks = false) =>
        buffer => RequestBytes.Write(buffer, kind, MessageId.Random(Random), new StoreRequest(NodeId.Random(Random), key, value), asks);

    /// <summary>Books what is sent. Datagrams are handed to the node directly.</summary>
    private sealed class Transport(Ledger ledger) : IDatagramTransport
    {
        public IReadOnlyList<UdpEndpoint> LocalEndpoints { get; } = [UdpEndpoint.Parse("11.0.0.1:8468")];

        public void Start(IDatagramReceiver receiver)
        {
        }

        public bool Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination)
        {
            (CollectionsMarshal.GetValueRefOrAddDefault(ledger._sent, destination, out _) ??= []).Add(datagram.ToArray());
            ledger.SentBytes += datagram.Length;
            return true;
        }

        public ValueTask DisposeAsync() => ValueTask.CompletedTask;
    }
}
