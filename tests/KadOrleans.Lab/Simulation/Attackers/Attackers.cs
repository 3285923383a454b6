namespace KadOrleans.Lab;

/// <summary>
/// One of many ids of one attacker. It names the attacker's contacts nearest to the target, and nobody else. It takes every
/// STORE and stores nothing.
/// </summary>
public sealed class Sybil(NodeId id, IDatagramTransport transport, IReadOnlyList<Contact> gang) : ScriptedPeer(id, transport)
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
    NodeId id, IDatagramTransport transport, SeededRandomSource random, IReadOnlyList<UdpEndpoint> victims)
    : ScriptedPeer(id, transport)
{
    private const int Named = 20;
    private const int SharedBits = 24;

    private int _next;

    protected override Contact[] Name(NodeId target) =>
        [.. Enumerable.Range(0, Named).Select(_ => new Contact(target.RandomWithPrefix(SharedBits, random), victims[_next++ % victims.Count]))];
}

/// <summary>Answers FIND_VALUE for one key with a false value, and everything else by naming its accomplices.</summary>
public sealed class ValueLiar(
    NodeId id, IDatagramTransport transport, NodeId lieKey, DhtValue lie, uint? secondsLeft, IReadOnlyList<Contact> accomplices)
    : ScriptedPeer(id, transport)
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
    NodeId id, IDatagramTransport transport, ManualTimeProvider clock, TimeSpan delay, Contact? next = null, bool isPingLate = true)
    : ScriptedPeer(id, transport)
{
    private protected override void Take(Request request, MessageId id, UdpEndpoint source)
    {
        if (request.Kind == RequestKind.Ping && !isPingLate)
        {
            base.Take(request, id, source);
            return;
        }

        var answer = new byte[Datagram.MaxLength];
        clock.Schedule(new LateAnswer(this, answer.AsMemory(0, Answer(request, id, source, answer)), source), delay);
    }

    protected override Contact[] Name(NodeId target) => next is { } named ? [named] : [];
}

internal sealed class LateAnswer(ScriptedPeer peer, ReadOnlyMemory<byte> answer, UdpEndpoint destination) : ScheduledEvent
{
    public override void Fire() => peer.Send(answer.Span, destination);
}
