using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Wire.MessagePack;

namespace KadOrleans.Wire;

/// <summary>A received call, read in place: it looks into the datagram's bytes and lives no longer than they do.</summary>
internal readonly ref struct Request
{
    /// <summary>The array of a request and the array of its arguments.</summary>
    private const int ArgumentDepth = 2;

    private readonly NodeId _sender;
    private readonly NodeId _target;
    private readonly ReadOnlySpan<byte> _value;
    private readonly ReadOnlySpan<byte> _rest;

    private Request(RequestKind kind, NodeId sender, NodeId target, ReadOnlySpan<byte> value, ReadOnlySpan<byte> rest)
    {
        Kind = kind;
        _sender = sender;
        _target = target;
        _value = value;
        _rest = rest;
    }

    /// <summary>Which call it is, and so which of the methods gives it.</summary>
    public RequestKind Kind { get; }

    /// <summary>The caller's id; null of STUN, which has none.</summary>
    public NodeId? Sender => Kind == RequestKind.Stun ? null : _sender;

    /// <summary>
    /// Reads the body of a request: an array of the function's name and an array of its arguments. Allocates nothing. Bytes after that
    /// array are ignored, except the <see cref="LifeTrailer"/> of a STORE. A name may be str or, from nodes under Python 2, bin. Ids and
    /// keys are 20 bytes of bin.
    /// </summary>
    public static bool TryDecode(ReadOnlySpan<byte> body, out Request request, out DecodeError error)
    {
        var reader = new MessagePackReader(body);
        request = default;
        error = ReadFunction(ref reader, out var kind);
        if (error == DecodeError.None)
        {
            error = ReadArguments(ref reader, kind, out request);
        }

        if (error == DecodeError.None && body.Length - reader.Rest.Length > Datagram.MaxBodyLength)
        {
            error = DecodeError.TooLong;
        }

        return error == DecodeError.None;
    }

    /// <exception cref="InvalidOperationException">It is another.</exception>
    public PingRequest AsPing()
    {
        Require(RequestKind.Ping);
        return new PingRequest(_sender);
    }

    /// <summary>The call as STORE. Copies the value, so it may outlive the datagram.</summary>
    /// <exception cref="InvalidOperationException">It is another.</exception>
    public StoreRequest AsStore()
    {
        Require(RequestKind.Store);
        var reader = new MessagePackReader(_value);
        return new StoreRequest(
            _sender, _target, reader.TryRead(out var token) ? token.ToValue() : default, LifeTrailer.Read(_rest, out var isChosen), isChosen);
    }

    /// <exception cref="InvalidOperationException">It is another.</exception>
    public FindNodeRequest AsFindNode()
    {
        Require(RequestKind.FindNode);
        return new FindNodeRequest(_sender, _target);
    }

    /// <exception cref="InvalidOperationException">It is another.</exception>
    public FindValueRequest AsFindValue()
    {
        Require(RequestKind.FindValue);
        return new FindValueRequest(_sender, _target);
    }

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
        if (!HoldsArguments(arguments, count))
        {
            return DecodeError.WrongArguments;
        }

        NodeId sender = default;
        NodeId target = default;
        ReadOnlySpan<byte> value = default;
        var error = count > 0 ? ReadId(ref reader, out sender) : DecodeError.None;
        if (error == DecodeError.None && arguments.Type == MessagePackType.Map && count > 0 && !reader.TrySkip(ArgumentDepth))
        {
            error = reader.Error;
        }

        if (error == DecodeError.None && count > 1)
        {
            error = ReadId(ref reader, out target);
        }

        if (error == DecodeError.None && count > 2 && !reader.TryReadObject(ArgumentDepth, out value))
        {
            error = reader.Error;
        }

        if (error == DecodeError.None)
        {
            request = new Request(kind, sender, target, value, reader.Rest);
        }

        return error;
    }

    /// <summary>
    /// An array of the right length. The network's nodes accept anything that they can iterate. An empty map, text or bin means no
    /// arguments, and a map of one pair means its key. Nothing else occurs.
    /// </summary>
    private static bool HoldsArguments(MessagePackToken arguments, int count) => arguments.Type switch
    {
        MessagePackType.Array => arguments.Count == count,
        MessagePackType.Map => arguments.Count == count && count <= 1,
        MessagePackType.String or MessagePackType.Binary => arguments.Content.IsEmpty && count == 0,
        _ => false,
    };

    private static DecodeError ReadId(scoped ref MessagePackReader reader, out NodeId id)
    {
        if (!reader.TryRead(out var token))
        {
            id = default;
            return reader.Error;
        }

        return token.TryGetNodeId(out id) ? DecodeError.None : DecodeError.WrongArguments;
    }

    private void Require(RequestKind kind)
    {
        if (Kind != kind)
        {
            throw new InvalidOperationException($"The request is {Kind}, not {kind}.");
        }
    }
}

/// <summary>The five calls of the protocol (Kademlia §2.3, and STUN).</summary>
internal enum RequestKind
{
    /// <summary>Asks for the callee's id.</summary>
    Ping,

    /// <summary>Asks for the caller's endpoint as the callee sees it. The only call without a sender id.</summary>
    Stun,

    /// <summary>Stores a value.</summary>
    Store,

    /// <summary>Asks for the contacts nearest to an id.</summary>
    FindNode,

    /// <summary>Asks for the value of a key, or else the contacts nearest to it.</summary>
    FindValue,
}

/// <summary>Asks whether a node is alive (Kademlia §2.3, PING).</summary>
/// <param name="Sender">The caller's id. Its address is the datagram's source, never something it says.</param>
internal readonly record struct PingRequest(NodeId Sender);

/// <summary>Asks a node to keep a value (Kademlia §2.3, STORE).</summary>
/// <param name="Sender">The caller's id.</param>
/// <param name="Key">The key, already hashed into the id space.</param>
/// <param name="Value">The value. One of an unsupported type is <c>default</c>: it is answered with false, not stored.</param>
/// <param name="SecondsLeft">Seconds of its life that are left at the sender; null for a value that begins its life.</param>
/// <param name="IsChosen">
/// Whether the publisher chose that life: the value replaces what strangers stored, however long that lives. Nodes that do not know
/// this take the STORE for one without a life.
/// </param>
internal readonly record struct StoreRequest(
    NodeId Sender, NodeId Key, DhtValue Value, uint? SecondsLeft = null, bool IsChosen = false);

/// <summary>Asks for the contacts nearest to an id (Kademlia §2.3, FIND_NODE).</summary>
internal readonly record struct FindNodeRequest(NodeId Sender, NodeId Target);

/// <summary>Asks for the value of a key or, failing that, the contacts nearest to it (Kademlia §2.3, FIND_VALUE).</summary>
internal readonly record struct FindValueRequest(NodeId Sender, NodeId Key);

/// <summary>The five calls by their names on the wire, which are case sensitive, and their argument counts.</summary>
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

    /// <summary>How many arguments the call takes, exactly.</summary>
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
