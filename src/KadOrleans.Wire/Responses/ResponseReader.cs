using KadOrleans.Core;
using KadOrleans.Core.Crawling;
using KadOrleans.Core.Values;
using KadOrleans.Wire.MessagePack;

namespace KadOrleans.Wire;

/// <summary>
/// Reads the bodies of responses. A response does not say to which request it belongs, so the caller picks the reader by the request it
/// sent. False means malformed, which counts as no response. Bytes behind the first object are ignored, except for a
/// <see cref="LifeTrailer"/>.
/// </summary>
internal static class ResponseReader
{
    /// <summary>The key under which FIND_VALUE answers carry the value.</summary>
    internal static ReadOnlySpan<byte> ValueKey => "value"u8;

    /// <summary>Reads the answer to PING: the callee's id, 20 bytes of bin.</summary>
    public static bool TryReadPong(ReadOnlySpan<byte> body, out NodeId id)
    {
        var reader = new MessagePackReader(body);
        id = default;
        return reader.TryRead(out var token) && token.TryGetNodeId(out id);
    }

    /// <summary>Whether the answer to PING is nil: the callee is a client, not a node, and has no id.</summary>
    public static bool IsEmptyPong(ReadOnlySpan<byte> body)
    {
        var reader = new MessagePackReader(body);
        return reader.TryRead(out var token) && token.Type == MessagePackType.Nil;
    }

    /// <summary>
    /// Reads the response to STUN: our address and port as the remote node sees them. From a node that listens on IPv6 also flow and scope,
    /// which are ignored. An endpoint where nobody can be reached is malformed.
    /// </summary>
    public static bool TryReadStun(ReadOnlySpan<byte> body, out UdpEndpoint endpoint)
    {
        var reader = new MessagePackReader(body);
        endpoint = default;
        if (!reader.TryRead(out var array)
            || array is not { Type: MessagePackType.Array, Count: 2 or 4 }
            || !ContactReader.TryReadEndpoint(ref reader, out var read))
        {
            return false;
        }

        for (var rest = array.Count - 2; rest > 0; rest--)
        {
            if (!reader.TrySkip(depth: 1))
            {
                return false;
            }
        }

        endpoint = read;
        return true;
    }

    /// <summary>Reads the answer to STORE: true if stored; false and nil if not.</summary>
    public static bool TryReadStored(ReadOnlySpan<byte> body, out bool stored)
    {
        var reader = new MessagePackReader(body);
        stored = false;
        if (!reader.TryRead(out var token) || token.Type is not (MessagePackType.Boolean or MessagePackType.Nil))
        {
            return false;
        }

        stored = token.IsTrue;
        return true;
    }

    /// <summary>
    /// Reads the response to FIND_NODE. Nil, false, 0 and an empty array are no contacts. A bad entry is left out and the others are kept:
    /// one liar's contact must not void an honest response.
    /// </summary>
    /// <param name="body">The response behind its header.</param>
    /// <param name="contacts">Receives the contacts in order; those beyond its length are ignored.</param>
    /// <param name="count">How many were received.</param>
    public static bool TryReadNodes(ReadOnlySpan<byte> body, Span<Contact> contacts, out int count)
    {
        var reader = new MessagePackReader(body);
        count = 0;
        return reader.TryRead(out var answer) && ContactReader.TryReadList(ref reader, answer, contacts, out count);
    }

    /// <summary>How the first contact of a response to FIND_NODE writes its address.</summary>
    /// <param name="body">A response that <see cref="TryReadNodes"/> reads.</param>
    public static AddressForm ReadForm(ReadOnlySpan<byte> body)
    {
        var reader = new MessagePackReader(body);
        return reader.TryRead(out var list) && list is { Type: MessagePackType.Array, Count: > 0 }
            && reader.TryRead(out var contact) && contact.Type == MessagePackType.Array
            && reader.TrySkip(depth: 2)
            && reader.TryRead(out var address)
            ? address.Type switch
            {
                MessagePackType.String => AddressForm.Text,
                MessagePackType.Binary => AddressForm.Bytes,
                _ => AddressForm.Unknown,
            }
            : AddressForm.Unknown;
    }

    /// <summary>
    /// Reads the response to FIND_VALUE: a map with the value, or contacts as <see cref="TryReadNodes"/> reads them. A
    /// value of nil is a miss without contacts. A map without a value, with two, or with one of another type is
    /// malformed.
    /// </summary>
    /// <param name="body">The response behind its header.</param>
    /// <param name="contacts">Receives the contacts in order; those beyond its length are ignored.</param>
    /// <param name="count">How many were received.</param>
    /// <param name="value">The value, or <c>default</c> if it is not there.</param>
    public static bool TryReadFindValue(
        ReadOnlySpan<byte> body, Span<Contact> contacts, out int count, out DhtValue value)
    {
        var reader = new MessagePackReader(body);
        count = 0;
        value = default;
        if (!reader.TryRead(out var answer))
        {
            return false;
        }

        return answer.Type == MessagePackType.Map
            ? TryReadValue(ref reader, answer.Count, out value)
            : ContactReader.TryReadList(ref reader, answer, contacts, out count);
    }

    /// <summary>How long the value of a FIND_VALUE answer has yet to live where it comes from; null if it does not say.</summary>
    public static uint? ReadSecondsLeft(ReadOnlySpan<byte> body)
    {
        var reader = new MessagePackReader(body);
        return reader.TrySkip(depth: 0) ? LifeTrailer.Read(reader.Rest) : null;
    }

    private static bool TryReadValue(ref MessagePackReader reader, int pairs, out DhtValue value)
    {
        value = default;
        ReadOnlySpan<byte> found = default;
        for (; pairs > 0; pairs--)
        {
            if (!reader.TryReadObject(depth: 1, out var key) || !reader.TryReadObject(depth: 1, out var item))
            {
                return false;
            }

            if (!IsValueKey(key))
            {
                continue;
            }

            if (!found.IsEmpty)
            {
                return false;
            }

            found = item;
        }

        var content = new MessagePackReader(found);
        if (!content.TryRead(out var token))
        {
            return false;
        }

        value = token.ToValue();
        return value.Kind != DhtValueKind.None || token.Type == MessagePackType.Nil;
    }

    private static bool IsValueKey(ReadOnlySpan<byte> key)
    {
        var reader = new MessagePackReader(key);
        return reader.TryRead(out var token) && token.IsName && token.Content.SequenceEqual(ValueKey);
    }
}

/// <summary>Reads contacts as answers list them: arrays of id, address text and port.</summary>
internal static class ContactReader
{
    private const int ItemsPerContact = 3;

    /// <summary>Reads a list whose first token is already read.</summary>
    public static bool TryReadList(
        ref MessagePackReader reader, in MessagePackToken list, Span<Contact> contacts, out int count)
    {
        count = 0;
        if (list.Type != MessagePackType.Array)
        {
            return list.Type == MessagePackType.Nil || list.IsFalse || list.IsZero;
        }

        var kept = 0;
        for (var i = 0; i < list.Count; i++)
        {
            // Entries past the caller's limit are still checked: a datagram is well-formed or it is not.
            if (!reader.TryReadObject(depth: 1, out var entry))
            {
                return false;
            }

            if (kept < contacts.Length && TryReadContact(entry, out var contact))
            {
                contacts[kept++] = contact;
            }
        }

        count = kept;
        return true;
    }

    /// <summary>
    /// Reads the two items address and port. The address is str, or bin from nodes under Python 2. It must be a literal address of a single
    /// node, never a host name.
    /// </summary>
    public static bool TryReadEndpoint(ref MessagePackReader reader, out UdpEndpoint endpoint)
    {
        endpoint = default;
        return reader.TryRead(out var address)
            && address.IsName
            && reader.TryRead(out var number)
            && number.TryGetPort(out var port)
            && AddressText.TryParse(address.Content, port, out endpoint)
            && endpoint.IsUnicast;
    }

    private static bool TryReadContact(ReadOnlySpan<byte> entry, out Contact contact)
    {
        var reader = new MessagePackReader(entry);
        contact = default;
        if (!reader.TryRead(out var array)
            || array is not { Type: MessagePackType.Array, Count: ItemsPerContact }
            || !reader.TryRead(out var first)
            || !first.TryGetNodeId(out var id)
            || !TryReadEndpoint(ref reader, out var endpoint))
        {
            return false;
        }

        contact = new Contact(id, endpoint);
        return true;
    }
}
