namespace KadOrleans.Lab;

/// <summary>
/// One endpoint of an attacker on a <see cref="SimulatedNetwork"/>. It counts what it receives. It answers PING under its id,
/// STUN with the truth and STORE with <c>true</c>, though it stores nothing; a role overrides what it lies about.
/// </summary>
public abstract class AttackerPeer : IDatagramReceiver
{
    private readonly byte[] _answer = new byte[Datagram.MaxLength + 256];
    private readonly byte[] _request = new byte[Datagram.MaxLength];
    private readonly SimulatedTransport _transport;

    protected AttackerPeer(NodeId id, SimulatedTransport transport)
    {
        (Contact, _transport) = (new Contact(id, transport.Endpoint), transport);
        transport.Start(this);
    }

    public Contact Contact { get; }

    public int Received { get; private set; }

    public long ReceivedBytes { get; private set; }

    public int Requests { get; private set; }

    /// <summary>Sends a PING under its id, so that its receiver pings it and makes a contact of it.</summary>
    public void Ping(UdpEndpoint destination, SeededRandomSource random) => Send(
        _request.AsSpan(0, RequestWriter.Write(_request, MessageId.Random(random), RequestKind.Ping, Contact.Id)),
        destination);

    public void Send(ReadOnlySpan<byte> datagram, UdpEndpoint destination) => _transport.Send(datagram, destination);

    public void Receive(ReadOnlySpan<byte> datagram, UdpEndpoint source, IResponseRoute route, TimeSpan age)
    {
        Received++;
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
            Requests++;
            OnRequest(request, id, source);
        }
    }

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
        RequestKind.FindNode => ResponseWriter.WriteNodes(answer, id, Name(request.Target)),
        _ => AnswerFindValue(request.Target, id, answer),
    };

    private protected virtual int AnswerFindValue(NodeId key, MessageId id, Span<byte> answer) =>
        ResponseWriter.WriteNodes(answer, id, Name(key));

    protected virtual Contact[] Name(NodeId target) => [];
}

/// <summary>Answers nothing, or pings only: then it stays in tables and costs each lookup the wait for its answer.</summary>
public sealed class SilentPeer(NodeId id, SimulatedTransport transport, bool answersPings = false) : AttackerPeer(id, transport)
{
    private protected override int Answer(Request request, MessageId id, UdpEndpoint source, Span<byte> answer) =>
        answersPings && request.Kind == RequestKind.Ping ? base.Answer(request, id, source, answer) : 0;
}

/// <summary>
/// One of many ids of one attacker. It names the attacker's contacts nearest to the target, and nobody else. It takes every
/// STORE and stores nothing.
/// </summary>
public sealed class Sybil(NodeId id, SimulatedTransport transport, IReadOnlyList<Contact> gang) : AttackerPeer(id, transport)
{
    private const int Named = 20;

    public int Stores { get; private set; }

    private protected override int Answer(Request request, MessageId id, UdpEndpoint source, Span<byte> answer)
    {
        Stores += request.Kind == RequestKind.Store ? 1 : 0;
        return base.Answer(request, id, source, answer);
    }

    protected override Contact[] Name(NodeId target) =>
        [.. gang.OrderBy(contact => contact.Id.DistanceTo(target)).Take(Named)];
}

/// <summary>
/// Names third parties under invented ids beside the target, so that whoever believes it sends requests to them: hosts of
/// private networks, or a victim.
/// </summary>
public sealed class Rebinder(
    NodeId id, SimulatedTransport transport, SeededRandomSource random, IReadOnlyList<UdpEndpoint> victims)
    : AttackerPeer(id, transport)
{
    private const int Named = 20;
    private const int SharedBits = 24;

    private int _next;

    protected override Contact[] Name(NodeId target) =>
        [.. Enumerable.Range(0, Named).Select(_ => new Contact(target.RandomWithPrefix(SharedBits, random), victims[_next++ % victims.Count]))];
}

/// <summary>
/// Proves its address, and stores a value of its choice without a life. It may be another's value, which then lives longer than its
/// publisher said, or one of its own under a key that is free. A node of Python's <c>kademlia</c> does the same each hour with what it holds.
/// </summary>
public sealed class Freezer(NodeId id, SimulatedTransport transport) : AttackerPeer(id, transport)
{
    private readonly byte[] _store = new byte[Datagram.MaxLength];

    public void Store(UdpEndpoint node, NodeId key, DhtValue value, SeededRandomSource random)
    {
        RequestWriter.TryWriteStore(_store, MessageId.Random(random), new StoreRequest(Contact.Id, key, value), out var length);
        Send(_store.AsSpan(0, length), node);
    }
}

/// <summary>Answers FIND_VALUE for one key with a false value, and everything else by naming its accomplices.</summary>
public sealed class ValueLiar(
    NodeId id, SimulatedTransport transport, NodeId lieKey, DhtValue lie, uint? secondsLeft, IReadOnlyList<Contact> accomplices)
    : AttackerPeer(id, transport)
{
    private protected override int AnswerFindValue(NodeId key, MessageId id, Span<byte> answer) => key == lieKey
        ? ResponseWriter.WriteValue(answer, id, lie, secondsLeft)
        : base.AnswerFindValue(key, id, answer);

    protected override Contact[] Name(NodeId target) => [.. accomplices.Take(ResponseWriter.MaxContacts)];
}

/// <summary>
/// Answers after a delay, so that its asker takes it for slow; pings at once if they are not to be late too. It may name another.
/// </summary>
public sealed class Tarpit(
    NodeId id, SimulatedTransport transport, ManualTimeProvider clock, TimeSpan delay, Contact? next = null, bool isPingLate = true)
    : AttackerPeer(id, transport)
{
    private protected override void OnRequest(Request request, MessageId id, UdpEndpoint source)
    {
        if (request.Kind == RequestKind.Ping && !isPingLate)
        {
            base.OnRequest(request, id, source);
            return;
        }

        var answer = new byte[Datagram.MaxLength];
        clock.Schedule(new LateAnswer(this, answer.AsMemory(0, Answer(request, id, source, answer)), source), delay);
    }

    protected override Contact[] Name(NodeId target) => next is { } named ? [named] : [];
}

internal sealed class LateAnswer(AttackerPeer peer, ReadOnlyMemory<byte> answer, UdpEndpoint destination) : ScheduledEvent
{
    public override void Fire() => peer.Send(answer.Span, destination);
}
