namespace KadOrleans.Core;

// Reads the bodies of responses. A response does not say which request it belongs to, so the caller picks the reader. False means
// malformed, which counts as no response. Bytes behind the first object are ignored, except for a LifeTrailer or a TokenTrailer.
internal static class ResponseReader
{
    internal static ReadOnlySpan<byte> ValueKey => "value"u8;

    public static bool TryReadPong(ReadOnlySpan<byte> body, out NodeId id)
    {
        var reader = new MessagePackReader(body);
        id = default;
        return reader.TryRead(out var token) && token.TryGetNodeId(out id);
    }

    /// <summary>The callee is a client, not a node, and has no id.</summary>
    public static bool IsEmptyPong(ReadOnlySpan<byte> body)
    {
        var reader = new MessagePackReader(body);
        return reader.TryRead(out var token) && token.Type == MessagePackType.Nil;
    }

    // Our endpoint as the remote node sees it. From a node that listens on IPv6 also flow and scope, which are ignored. An
    // endpoint where nobody can be reached is malformed.
    public static bool TryReadStun(ReadOnlySpan<byte> body, out UdpEndpoint endpoint)
    {
        var reader = new MessagePackReader(body);
        UdpEndpoint read = default;
        var isRead = reader.TryRead(out var array)
            && array is { Type: MessagePackType.Array, Count: 2 or 4 }
            && TryReadEndpoint(ref reader, out read)
            && (array.Count == 2 || (reader.TrySkip(depth: 1) && reader.TrySkip(depth: 1)));
        endpoint = isRead ? read : default;
        return isRead;
    }

    /// <summary>False and nil mean that the value was not stored.</summary>
    public static bool TryReadStored(ReadOnlySpan<byte> body, out bool stored)
    {
        var reader = new MessagePackReader(body);
        var isRead = reader.TryRead(out var token);
        stored = isRead && token.IsTrue;
        return isRead && token.Type is (MessagePackType.Boolean or MessagePackType.Nil);
    }

    // Nil, false, 0 and an empty array are no contacts. A bad entry is left out and the others are kept: one liar's contact must
    // not void an honest response. Contacts beyond the span's length are ignored.
    public static bool TryReadNodes(ReadOnlySpan<byte> body, Span<Contact> contacts, out int count)
    {
        var reader = new MessagePackReader(body);
        count = 0;
        return reader.TryRead(out var answer) && TryReadList(ref reader, answer, contacts, out count);
    }

    /// <summary>How the first contact of a response that <see cref="TryReadNodes"/> reads writes its address.</summary>
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

    // A map with the value, or contacts as TryReadNodes reads them. A value of nil is a miss without contacts. A map without a
    // value, with two, or with one of another type is malformed. The value is default if it is not there.
    public static bool TryReadFindValue(ReadOnlySpan<byte> body, Span<Contact> contacts, out int count, out DhtValue value)
    {
        var reader = new MessagePackReader(body);
        count = 0;
        value = default;
        return reader.TryRead(out var answer) && (answer.Type == MessagePackType.Map
            ? TryReadValue(ref reader, answer.Count, out value)
            : TryReadList(ref reader, answer, contacts, out count));
    }

    /// <summary>How long the value of a FIND_VALUE response has yet to live at its sender.</summary>
    public static uint? ReadSecondsLeft(ReadOnlySpan<byte> body)
    {
        var reader = new MessagePackReader(body);
        var isChosen = false;
        var seconds = reader.TrySkip(depth: 0) ? LifeTrailer.Read(reader.Rest, out isChosen) : null;
        return isChosen ? null : seconds;
    }

    // The write token behind a pong, a list of contacts or the answer to a STORE; none if there is no trailer. False if the body is
    // malformed, or has a value: that says nothing of tokens.
    public static bool TryReadToken(ReadOnlySpan<byte> body, out WriteToken token)
    {
        token = WriteToken.None;
        var reader = new MessagePackReader(body);
        if (body is [>= MessagePackCode.FixMap and < MessagePackCode.FixArray or MessagePackCode.Map16 or MessagePackCode.Map32, ..]
            || !reader.TrySkip(depth: 0))
        {
            return false;
        }

        TokenTrailer.TryRead(reader.Rest, out token);
        return true;
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

            var isValue = IsValueKey(key);
            if (isValue && !found.IsEmpty)
            {
                return false;
            }

            found = isValue ? item : found;
        }

        var content = new MessagePackReader(found);
        var isRead = content.TryRead(out var token);
        value = token.ToValue();
        return isRead && (value.Kind != DhtValueKind.None || token.Type == MessagePackType.Nil);
    }

    private static bool IsValueKey(ReadOnlySpan<byte> key)
    {
        var reader = new MessagePackReader(key);
        return reader.TryRead(out var token) && token.IsName && token.Content.SequenceEqual(ValueKey);
    }

    private static bool TryReadList(ref MessagePackReader reader, in MessagePackToken list, Span<Contact> contacts, out int count)
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

    // The address is str, or bin from nodes under Python 2. It must be a literal address of one node, never a host name.
    private static bool TryReadEndpoint(ref MessagePackReader reader, out UdpEndpoint endpoint)
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
        NodeId id = default;
        UdpEndpoint endpoint = default;
        var isRead = reader.TryRead(out var array)
            && array is { Type: MessagePackType.Array, Count: 3 }
            && reader.TryRead(out var first)
            && first.TryGetNodeId(out id)
            && TryReadEndpoint(ref reader, out endpoint);
        contact = isRead ? new Contact(id, endpoint) : default;
        return isRead;
    }
}

// Writes whole response datagrams, byte for byte as the network's nodes do, and returns their length. A buffer of
// Datagram.MaxLength always suffices; one that is too short throws.
internal static class ResponseWriter
{
    // What always fits: each takes up to 67 bytes (array header 1, id 22, address 41, port 3), the list 3 more.
    public const int MaxContacts = (Datagram.MaxBodyLength - 3) / 67;

    public static int WritePong(Span<byte> destination, MessageId id, NodeId self, WriteToken token = default)
    {
        var writer = Begin(destination, id);
        writer.WriteNodeId(self);
        return End(writer, destination, token);
    }

    /// <summary>A client answers PING with nil: it must not be kept as a node.</summary>
    public static int WriteEmptyPong(Span<byte> destination, MessageId id)
    {
        var writer = Begin(destination, id);
        writer.WriteNil();
        return End(writer);
    }

    /// <summary>For IPv6 with a flow and a scope of 0.</summary>
    public static int WriteStun(Span<byte> destination, MessageId id, UdpEndpoint source)
    {
        var writer = Begin(destination, id);
        writer.WriteArrayHeader(source.IsIPv4 ? 2 : 4);
        writer.WriteEndpoint(source);
        if (!source.IsIPv4)
        {
            writer.WriteUnsigned(0);
            writer.WriteUnsigned(0);
        }

        return End(writer);
    }

    public static int WriteStored(Span<byte> destination, MessageId id, bool stored, WriteToken token = default)
    {
        var writer = Begin(destination, id);
        writer.WriteBoolean(stored);
        return End(writer, destination, token);
    }

    // Answers FIND_NODE, and FIND_VALUE for a key that is not held; nearest first. Other nodes of the network crash on an entry
    // they cannot send to, so every endpoint has to be unicast.
    public static int WriteNodes(Span<byte> destination, MessageId id, ReadOnlySpan<Contact> contacts, WriteToken token = default)
    {
        if (contacts.Length > MaxContacts)
        {
            throw new ArgumentException($"There are {contacts.Length} contacts; at most {MaxContacts} are allowed.", nameof(contacts));
        }

        var writer = Begin(destination, id);
        writer.WriteArrayHeader(contacts.Length);
        foreach (ref readonly var contact in contacts)
        {
            writer.WriteArrayHeader(3);
            writer.WriteNodeId(contact.Id);
            writer.WriteEndpoint(contact.Endpoint);
        }

        return End(writer, destination, token);
    }

    /// <summary>The value is one that came, or could have come, in a STORE: other lengths may not fit.</summary>
    public static int WriteValue(Span<byte> destination, MessageId id, DhtValue value, uint? secondsLeft = null)
    {
        var writer = Begin(destination, id);
        writer.WriteMapHeader(1);
        writer.WriteString(ResponseReader.ValueKey);
        writer.WriteValue(value);
        var length = End(writer);
        return length + LifeTrailer.Write(destination[length..], secondsLeft);
    }

    private static MessagePackWriter Begin(Span<byte> destination, MessageId id) =>
        new(Datagram.WriteHeader(destination, DatagramKind.Response, id));

    private static int End(MessagePackWriter writer, Span<byte> destination, WriteToken token)
    {
        var length = End(writer);
        return length + TokenTrailer.Write(destination[length..], token);
    }

    private static int End(MessagePackWriter writer) => Datagram.HeaderLength + writer.Length;
}
