namespace KadOrleans.Core;

// Writes whole response datagrams, byte for byte as the network's nodes do, and returns their length. A buffer of
// Datagram.MaxLength always suffices; one that is too short throws.
internal static class ResponseWriter
{
    // What always fits: each takes up to 67 bytes (array header 1, id 22, address 41, port 3), the list 3 more.
    public const int MaxContacts = (Datagram.MaxBodyLength - 3) / 67;

    public static int WritePong(Span<byte> destination, MessageId id, NodeId self)
    {
        var writer = Begin(destination, id);
        writer.WriteNodeId(self);
        return End(writer);
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

    public static int WriteStored(Span<byte> destination, MessageId id, bool stored)
    {
        var writer = Begin(destination, id);
        writer.WriteBoolean(stored);
        return End(writer);
    }

    // Answers FIND_NODE, and FIND_VALUE for a key that is not held; nearest first. Other nodes of the network crash on an entry
    // they cannot send to, so every endpoint has to be unicast.
    public static int WriteNodes(Span<byte> destination, MessageId id, ReadOnlySpan<Contact> contacts)
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

        return End(writer);
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

    private static int End(MessagePackWriter writer) => Datagram.HeaderLength + writer.Length;
}
