using KadOrleans.Core;
using KadOrleans.Core.Lookups;
using KadOrleans.Core.Values;
using KadOrleans.Wire;

namespace KadOrleans.Node.Requests;

/// <summary>A FIND_NODE or FIND_VALUE on behalf of a lookup.</summary>
internal sealed class FindCall(Contact contact, NodeId sender, LookupKind kind, NodeId target, IFindListener listener)
    : OutgoingRequest(contact.Endpoint, contact.Id)
{
    /// <summary>
    /// Contacts read from one answer. The network's nodes send k = 20; a larger k elsewhere is respected so far.
    /// </summary>
    private const int MaxContacts = 64;

    public Contact Contact { get; } = contact;

    public override RequestKind Kind => kind == LookupKind.Node ? RequestKind.FindNode : RequestKind.FindValue;

    public override int Write(Span<byte> destination, MessageId id) => kind == LookupKind.Node
        ? RequestWriter.WriteFindNode(destination, id, new FindNodeRequest(sender, target))
        : RequestWriter.WriteFindValue(destination, id, new FindValueRequest(sender, target));

    public override bool TryComplete(ReadOnlySpan<byte> body)
    {
        Span<Contact> contacts = stackalloc Contact[MaxContacts];
        DhtValue value = default;
        int count;
        var understood = kind == LookupKind.Node
            ? ResponseReader.TryReadNodes(body, contacts, out count)
            : ResponseReader.TryReadFindValue(body, contacts, out count, out value);
        if (!understood)
        {
            return false;
        }

        if (value.Kind == DhtValueKind.None)
        {
            listener.OnNodes(this, contacts[..count]);
        }
        else
        {
            TimeSpan? life = ResponseReader.ReadSecondsLeft(body) is { } seconds ? TimeSpan.FromSeconds(seconds) : null;
            listener.OnValue(this, value, life);
        }

        return true;
    }

    public override void OnLate() => listener.OnLate(this);

    public override void OnFailed(RequestFailure failure) => listener.OnFailed(this, failure);
}
