namespace KadOrleans.Lab;

/// <summary>
/// A node that keeps whatever it is sent last, by whomever, and cannot judge it: as Python's <c>kademlia</c> does. It knows its contacts from the
/// start.
/// </summary>
public sealed class CarryingPeer(NodeId id, IDatagramTransport transport) : ScriptedPeer(id, transport)
{
    private const int Named = 20;

    private readonly Dictionary<NodeId, DhtValue> _held = [];

    public IReadOnlyList<Contact> Contacts { get; set; } = [];

    /// <summary>What it has of a key; null if nothing.</summary>
    public DhtValue? Read(NodeId key) => _held.TryGetValue(key, out var value) ? value : default(DhtValue?);

    private protected override int Answer(Request request, MessageId id, UdpEndpoint source, Span<byte> answer)
    {
        if (request.Kind == RequestKind.Store)
        {
            _held[request.Target] = request.AsStore().Value;
        }

        return base.Answer(request, id, source, answer);
    }

    private protected override int AnswerFindValue(NodeId key, MessageId id, Span<byte> answer) =>
        _held.TryGetValue(key, out var value) ? ResponseWriter.WriteValue(answer, id, value) : base.AnswerFindValue(key, id, answer);

    protected override Contact[] Name(NodeId target) => [.. Contacts.OrderBy(contact => contact.Id.DistanceTo(target)).Take(Named)];
}
