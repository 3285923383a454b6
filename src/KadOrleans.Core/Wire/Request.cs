namespace KadOrleans.Core;

/// <summary>A received call, read in place: it lives no longer than the datagram's bytes.</summary>
internal readonly ref struct Request
{
    private const int ArgumentDepth = 2;

    private readonly ReadOnlySpan<byte> _value;
    private readonly ReadOnlySpan<byte> _rest;

    private Request(RequestKind kind, NodeId sender, NodeId target, ReadOnlySpan<byte> value, ReadOnlySpan<byte> rest)
    {
        (Kind, Sender, Target) = (kind, sender, target);
        _value = value;
        _rest = rest;
    }

    public RequestKind Kind { get; }

    /// <summary>Its address is the datagram's source, never something it says. A STUN has no sender.</summary>
    public NodeId Sender { get; }

    /// <summary>What is sought, or the key of a STORE.</summary>
    public NodeId Target { get; }

    /// <summary>Whether the caller asks for a write token. Only a PING and a FIND can.</summary>
    public bool AsksForToken => Kind is RequestKind.Ping or RequestKind.FindNode or RequestKind.FindValue && TokenTrailer.Asks(_rest);

    // Reads an array of the function's name and an array of its arguments. Allocates nothing. Bytes behind it are ignored, except
    // the LifeTrailer of a STORE and the TokenTrailer of a PING or a FIND. Nodes under Python 2 write the name as bin. Ids and keys are 20 bytes of bin.
    public static bool TryDecode(ReadOnlySpan<byte> body, out Request request)
    {
        var reader = new MessagePackReader(body);
        request = default;
        return TryReadFunction(ref reader, out var kind)
            && TryReadArguments(ref reader, kind, out request)
            && body.Length - reader.Rest.Length <= Datagram.MaxBodyLength;
    }

    /// <summary>Copies the value, so it may outlive the datagram.</summary>
    public StoreRequest AsStore()
    {
        if (Kind != RequestKind.Store)
        {
            throw new InvalidOperationException($"The request is {Kind}, not {RequestKind.Store}.");
        }

        var reader = new MessagePackReader(_value);
        var value = reader.TryRead(out var token) ? token.ToValue() : default;
        return new StoreRequest(Sender, Target, value, LifeTrailer.Read(_rest, out var isChosen), isChosen);
    }

    private static bool TryReadFunction(scoped ref MessagePackReader reader, out RequestKind kind)
    {
        kind = default;
        return reader.TryRead(out var outer)
            && outer is { Type: MessagePackType.Array, Count: 2 }
            && reader.TryRead(out var name)
            && name.IsName
            && RequestFunction.TryFind(name.Content, out kind);
    }

    private static bool TryReadArguments(scoped ref MessagePackReader reader, RequestKind kind, out Request request)
    {
        NodeId sender = default;
        NodeId target = default;
        ReadOnlySpan<byte> value = default;
        var count = RequestFunction.ArgumentCountOf(kind);
        var isRead = reader.TryRead(out var arguments)
            && HoldsArguments(arguments, count)
            && (count < 1 || TryReadId(ref reader, out sender))
            && (count < 1 || arguments.Type != MessagePackType.Map || reader.TrySkip(ArgumentDepth))
            && (count < 2 || TryReadId(ref reader, out target))
            && (count < 3 || reader.TryReadObject(ArgumentDepth, out value));
        request = isRead ? new Request(kind, sender, target, value, reader.Rest) : default;
        return isRead;
    }

    // The network's nodes accept all they can iterate: an empty map, text or bin has no arguments, a map of one pair its key.
    private static bool HoldsArguments(MessagePackToken arguments, int count) => arguments.Type switch
    {
        MessagePackType.Array => arguments.Count == count,
        MessagePackType.Map => arguments.Count == count && count <= 1,
        MessagePackType.String or MessagePackType.Binary => arguments.Content.IsEmpty && count == 0,
        _ => false,
    };

    private static bool TryReadId(scoped ref MessagePackReader reader, out NodeId id)
    {
        id = default;
        return reader.TryRead(out var token) && token.TryGetNodeId(out id);
    }
}

internal enum RequestKind
{
    Ping,
    /// <summary>Asks for the caller's endpoint as the callee sees it.</summary>
    Stun,
    Store,
    FindNode,
    FindValue,
}

// SecondsLeft is null for a value that begins its life. IsChosen: the publisher chose the life, so the value replaces what
// strangers stored, however long that lives. Nodes that do not know this take the STORE for one without a life. A value of an
// unsupported type is default: the response is false.
internal readonly record struct StoreRequest(
    NodeId Sender, NodeId Key, DhtValue Value, uint? SecondsLeft = null, bool IsChosen = false);

/// <summary>The calls by their names on the wire, which are case sensitive.</summary>
internal static class RequestFunction
{
    private static readonly RequestKind[] Kinds = Enum.GetValues<RequestKind>();

    public static ReadOnlySpan<byte> NameOf(RequestKind kind) => kind switch
    {
        RequestKind.Ping => "ping"u8,
        RequestKind.Stun => "stun"u8,
        RequestKind.Store => "store"u8,
        RequestKind.FindNode => "find_node"u8,
        RequestKind.FindValue => "find_value"u8,
    };

    public static int ArgumentCountOf(RequestKind kind) => kind switch
    {
        RequestKind.Stun => 0,
        RequestKind.Ping => 1,
        RequestKind.FindNode or RequestKind.FindValue => 2,
        RequestKind.Store => 3,
    };

    public static bool TryFind(ReadOnlySpan<byte> name, out RequestKind kind)
    {
        foreach (var each in Kinds)
        {
            if (name.SequenceEqual(NameOf(each)))
            {
                kind = each;
                return true;
            }
        }

        kind = default;
        return false;
    }
}

// Writes whole request datagrams, byte for byte as the network's nodes do, and returns their length. A buffer of
// Datagram.MaxLength always suffices; one that is too short throws.
internal static class RequestWriter
{
    /// <summary>Any request but a STORE. A PING has no target, a STUN no sender either, and asks for no token.</summary>
    public static int Write(
        Span<byte> destination, MessageId id, RequestKind kind, NodeId sender = default, NodeId target = default, bool asksForToken = false)
    {
        var writer = Begin(destination, id, kind);
        switch (kind)
        {
            case RequestKind.Stun:
                break;
            case RequestKind.Ping:
                writer.WriteNodeId(sender);
                break;
            case RequestKind.FindNode or RequestKind.FindValue:
                writer.WriteNodeId(sender);
                writer.WriteNodeId(target);
                break;
            case RequestKind.Store:
                throw new ArgumentException($"A {kind} has a value: {nameof(TryWriteStore)} writes it.", nameof(kind));
            default:
                throw new ArgumentOutOfRangeException(nameof(kind), kind, "Unknown kind.");
        }

        var length = End(writer);
        return asksForToken && kind != RequestKind.Stun ? length + TokenTrailer.WriteQuestion(destination[length..]) : length;
    }

    /// <summary>False, and writes nothing, if the body would be longer than <see cref="Datagram.MaxBodyLength"/>.</summary>
    public static bool TryWriteStore(Span<byte> destination, MessageId id, in StoreRequest request, out int length)
    {
        if (request.Value.ContentLength > StoreRules.MaxContentLength)
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
