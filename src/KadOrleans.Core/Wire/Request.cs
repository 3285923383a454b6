namespace KadOrleans.Core;

/// <summary>A received call, read in place: it lives no longer than the datagram's bytes.</summary>
internal readonly ref struct Request
{
    private const int ArgumentDepth = 2;

    private readonly NodeId _sender;
    private readonly NodeId _target;
    private readonly ReadOnlySpan<byte> _value;
    private readonly ReadOnlySpan<byte> _rest;

    private Request(RequestKind kind, NodeId sender, NodeId target, ReadOnlySpan<byte> value, ReadOnlySpan<byte> rest)
    {
        (Kind, _sender, _target) = (kind, sender, target);
        _value = value;
        _rest = rest;
    }

    public RequestKind Kind { get; }

    public NodeId? Sender => Kind == RequestKind.Stun ? null : _sender;

    // Reads an array of the function's name and an array of its arguments. Allocates nothing. Bytes behind it are ignored, except
    // the LifeTrailer of a STORE. Nodes under Python 2 write the name as bin. Ids and keys are 20 bytes of bin.
    public static bool TryDecode(ReadOnlySpan<byte> body, out Request request, out DecodeError error)
    {
        var reader = new MessagePackReader(body);
        request = default;
        error = ReadFunction(ref reader, out var kind);
        error = error == DecodeError.None ? ReadArguments(ref reader, kind, out request) : error;
        var length = body.Length - reader.Rest.Length;
        error = error == DecodeError.None && length > Datagram.MaxBodyLength ? DecodeError.TooLong : error;
        return error == DecodeError.None;
    }

    public PingRequest AsPing() => new(SenderOf(RequestKind.Ping));

    /// <summary>Copies the value, so it may outlive the datagram.</summary>
    public StoreRequest AsStore()
    {
        var sender = SenderOf(RequestKind.Store);
        var reader = new MessagePackReader(_value);
        var value = reader.TryRead(out var token) ? token.ToValue() : default;
        return new StoreRequest(sender, _target, value, LifeTrailer.Read(_rest, out var isChosen), isChosen);
    }

    public FindNodeRequest AsFindNode() => new(SenderOf(RequestKind.FindNode), _target);

    public FindValueRequest AsFindValue() => new(SenderOf(RequestKind.FindValue), _target);

    private static DecodeError ReadFunction(scoped ref MessagePackReader reader, out RequestKind kind)
    {
        kind = default;
        return !reader.TryRead(out var outer) ? reader.Error
            : outer is not { Type: MessagePackType.Array, Count: 2 } ? DecodeError.MalformedRequest
            : !reader.TryRead(out var name) ? reader.Error
            : !name.IsName ? DecodeError.MalformedRequest
            : !RequestFunction.TryFind(name.Content, out kind) ? DecodeError.UnknownFunction
            : DecodeError.None;
    }

    private static DecodeError ReadArguments(scoped ref MessagePackReader reader, RequestKind kind, out Request request)
    {
        request = default;
        if (!reader.TryRead(out var arguments))
        {
            return reader.Error;
        }

        var count = RequestFunction.ArgumentCountOf(kind);
        NodeId sender = default;
        NodeId target = default;
        ReadOnlySpan<byte> value = default;
        var error = !HoldsArguments(arguments, count) ? DecodeError.WrongArguments
            : count > 0 ? ReadId(ref reader, out sender)
            : DecodeError.None;
        error = error != DecodeError.None ? error
            : arguments.Type == MessagePackType.Map && count > 0 && !reader.TrySkip(ArgumentDepth) ? reader.Error
            : count > 1 ? ReadId(ref reader, out target)
            : DecodeError.None;
        error = error == DecodeError.None && count > 2 && !reader.TryReadObject(ArgumentDepth, out value) ? reader.Error : error;
        request = error == DecodeError.None ? new Request(kind, sender, target, value, reader.Rest) : default;
        return error;
    }

    // The network's nodes accept all they can iterate: an empty map, text or bin has no arguments, a map of one pair its key.
    private static bool HoldsArguments(MessagePackToken arguments, int count) => arguments.Type switch
    {
        MessagePackType.Array => arguments.Count == count,
        MessagePackType.Map => arguments.Count == count && count <= 1,
        MessagePackType.String or MessagePackType.Binary => arguments.Content.IsEmpty && count == 0,
        _ => false,
    };

    private static DecodeError ReadId(scoped ref MessagePackReader reader, out NodeId id)
    {
        id = default;
        return !reader.TryRead(out var token) ? reader.Error
            : token.TryGetNodeId(out id) ? DecodeError.None
            : DecodeError.WrongArguments;
    }

    private NodeId SenderOf(RequestKind kind) =>
        Kind == kind ? _sender : throw new InvalidOperationException($"The request is {Kind}, not {kind}.");
}

internal enum RequestKind
{
    Ping,
    /// <summary>Asks for the caller's endpoint as the callee sees it; without a sender id.</summary>
    Stun,
    Store,
    FindNode,
    FindValue,
}

/// <summary>The sender's address is the datagram's source, never something it says.</summary>
internal readonly record struct PingRequest(NodeId Sender);

// SecondsLeft is null for a value that begins its life. IsChosen: the publisher chose the life, so the value replaces what
// strangers stored, however long that lives. Nodes that do not know this take the STORE for one without a life. A value of an
// unsupported type is default: the response is false.
internal readonly record struct StoreRequest(
    NodeId Sender, NodeId Key, DhtValue Value, uint? SecondsLeft = null, bool IsChosen = false);

internal readonly record struct FindNodeRequest(NodeId Sender, NodeId Target);

internal readonly record struct FindValueRequest(NodeId Sender, NodeId Key);

/// <summary>The calls by their names on the wire, which are case sensitive.</summary>
internal static class RequestFunction
{
    public static ReadOnlySpan<byte> NameOf(RequestKind kind) => kind switch
    {
        RequestKind.Ping => "ping"u8,
        RequestKind.Stun => "stun"u8,
        RequestKind.Store => "store"u8,
        RequestKind.FindNode => "find_node"u8,
        _ => "find_value"u8,
    };

    public static int ArgumentCountOf(RequestKind kind) => kind switch
    {
        RequestKind.Stun => 0,
        RequestKind.Ping => 1,
        RequestKind.Store => 3,
        _ => 2,
    };

    public static bool TryFind(ReadOnlySpan<byte> name, out RequestKind kind)
    {
        for (kind = RequestKind.Ping; kind <= RequestKind.FindValue; kind++)
        {
            if (name.SequenceEqual(NameOf(kind)))
            {
                return true;
            }
        }

        return false;
    }
}

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
