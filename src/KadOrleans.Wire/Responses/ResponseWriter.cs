using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Wire.MessagePack;

namespace KadOrleans.Wire;

/// <summary>
/// Writes whole response datagrams, byte for byte as the network's nodes do, and returns their length. A buffer of
/// <see cref="Datagram.MaxLength"/> bytes always suffices; one that is too short throws as any write past a span.
/// </summary>
internal static class ResponseWriter
{
    /// <summary>
    /// The most contacts that always fit a body of <see cref="Datagram.MaxBodyLength"/> bytes. Each takes up to 67: 1 of array header, 22
    /// of id, 41 of address, 3 of port. The list takes 3 more. The protocol sends 20.
    /// </summary>
    public const int MaxContacts = (Datagram.MaxBodyLength - 3) / 67;

    public static int WritePong(Span<byte> destination, MessageId id, NodeId self)
    {
        var writer = Begin(destination, id);
        writer.WriteNodeId(self);
        return End(writer);
    }

    /// <summary>Answers PING with nil: what a client answers that is not a node and must not be kept as one.</summary>
    public static int WriteEmptyPong(Span<byte> destination, MessageId id)
    {
        var writer = Begin(destination, id);
        writer.WriteNil();
        return End(writer);
    }

    /// <summary>Answers STUN with the endpoint the request came from: address and port, and for IPv6 a flow and a scope of 0.</summary>
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

    /// <summary>Answers STORE: whether the value is kept.</summary>
    public static int WriteStored(Span<byte> destination, MessageId id, bool stored)
    {
        var writer = Begin(destination, id);
        writer.WriteBoolean(stored);
        return End(writer);
    }

    /// <summary>
    /// Answers FIND_NODE, and FIND_VALUE for a key that is not held. Other nodes of the network crash on an entry they cannot send to, so
    /// every endpoint has to be <see cref="UdpEndpoint.IsUnicast"/>.
    /// </summary>
    /// <param name="destination">Where to write.</param>
    /// <param name="id">The request's id.</param>
    /// <param name="contacts">Nearest first, at most <see cref="MaxContacts"/>.</param>
    /// <exception cref="ArgumentException">There are more contacts than that.</exception>
    public static int WriteNodes(Span<byte> destination, MessageId id, ReadOnlySpan<Contact> contacts)
    {
        if (contacts.Length > MaxContacts)
        {
            throw new ArgumentException(
                $"An answer holds at most {MaxContacts} contacts, not {contacts.Length}.", nameof(contacts));
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

    /// <param name="destination">Where to write.</param>
    /// <param name="id">The request's id.</param>
    /// <param name="value">One that came, or could have come, in a STORE: other lengths may not fit.</param>
    /// <param name="secondsLeft">Seconds of its life that are left here.</param>
    /// <exception cref="ArgumentException">
    /// <paramref name="value"/> is <c>default</c>, or does not fit <paramref name="destination"/>.
    /// </exception>
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
