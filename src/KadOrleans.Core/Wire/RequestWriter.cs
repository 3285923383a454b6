namespace KadOrleans.Core;

// Writes whole request datagrams, byte for byte as the network's nodes do, and returns their length. A buffer of
// Datagram.MaxLength always suffices; one that is too short throws.
internal static class RequestWriter
{
    /// <summary>The body of a STORE without its value: two arrays, the name, two ids.</summary>
    private const int StoreOverhead = 52;

    // Text and bytes near the limit have a header of three bytes; nothing else comes near it.
    private const int MaxContentLength = Datagram.MaxBodyLength - StoreOverhead - 3;

    public static int WritePing(Span<byte> destination, MessageId id, PingRequest request)
    {
        var writer = Begin(destination, id, RequestKind.Ping);
        writer.WriteNodeId(request.Sender);
        return End(writer);
    }

    public static int WriteStun(Span<byte> destination, MessageId id) => End(Begin(destination, id, RequestKind.Stun));

    public static int WriteFindNode(Span<byte> destination, MessageId id, FindNodeRequest request) =>
        WriteFind(destination, id, RequestKind.FindNode, request.Sender, request.Target);

    public static int WriteFindValue(Span<byte> destination, MessageId id, FindValueRequest request) =>
        WriteFind(destination, id, RequestKind.FindValue, request.Sender, request.Key);

    /// <summary>False, and writes nothing, if the body would be longer than <see cref="Datagram.MaxBodyLength"/>.</summary>
    public static bool TryWriteStore(Span<byte> destination, MessageId id, in StoreRequest request, out int length)
    {
        if (request.Value.ContentLength > MaxContentLength)
        {
            length = 0;
            return false;
        }

        var writer = Begin(destination, id, RequestKind.Store);
        writer.WriteNodeId(request.Sender);
        writer.WriteNodeId(request.Key);
        writer.WriteValue(request.Value);
        length = End(writer);
        length += LifeTrailer.Write(destination[length..], request.SecondsLeft, request.IsChosen);
        return true;
    }

    private static int WriteFind(Span<byte> destination, MessageId id, RequestKind kind, NodeId sender, NodeId target)
    {
        var writer = Begin(destination, id, kind);
        writer.WriteNodeId(sender);
        writer.WriteNodeId(target);
        return End(writer);
    }

    private static MessagePackWriter Begin(Span<byte> destination, MessageId id, RequestKind kind)
    {
        var writer = new MessagePackWriter(Datagram.WriteHeader(destination, DatagramKind.Request, id));
        writer.WriteArrayHeader(2);
        writer.WriteString(RequestFunction.NameOf(kind));
        writer.WriteArrayHeader(RequestFunction.ArgumentCountOf(kind));
        return writer;
    }

    private static int End(MessagePackWriter writer) => Datagram.HeaderLength + writer.Length;
}
