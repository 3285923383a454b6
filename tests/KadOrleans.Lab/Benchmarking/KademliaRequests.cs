namespace KadOrleans.Lab;

/// <summary>The requests of this network, as clients and nodes write them.</summary>
internal static class KademliaRequests
{
    private const byte Nil = 0xC0;
    private const byte True = 0xC3;
    private const byte EmptyArray = 0x90;
    private const byte MapOfOne = 0x81;

    public static RequestTemplate[] Of(BenchOperation operation, bool hasContacts) => operation switch
    {
        BenchOperation.Ping => [Create(RequestKind.Ping, hasContacts)],
        BenchOperation.FindNode => [Create(RequestKind.FindNode, hasContacts)],
        BenchOperation.FindValue => [Create(RequestKind.FindValue, hasContacts)],
        BenchOperation.Store or BenchOperation.StoreNew => [Create(RequestKind.Store, hasContacts)],
        BenchOperation.FindMissing => [Create(RequestKind.FindValue, hasContacts, RequestKind.FindNode)],
        _ => CreateMix(hasContacts),
    };

    private static RequestTemplate[] CreateMix(bool hasContacts)
    {
        var (ping, store) = (Create(RequestKind.Ping, hasContacts), Create(RequestKind.Store, hasContacts));
        var (node, value) = (Create(RequestKind.FindNode, hasContacts), Create(RequestKind.FindValue, hasContacts));
        return [node, value, ping, node, value, store, node, value, ping, node];
    }

    private static RequestTemplate Create(RequestKind kind, bool hasContacts, RequestKind? answered = null)
    {
        var marks = new StoreRequest(RequestTemplate.SenderMark, RequestTemplate.KeyMark, DhtValue.FromBytes(RequestTemplate.ValueMark));
        var bytes = RequestBytes.Of(kind, new MessageId(RequestTemplate.IdMark), marks);
        return new RequestTemplate(kind, bytes, answer => IsExpected(answered ?? kind, answer[Datagram.HeaderLength], hasContacts));
    }

    // The first byte of the body tells: an id, an array, a map that has a value, true. A client pongs nil.
    private static bool IsExpected(RequestKind kind, byte first, bool hasContacts) => kind switch
    {
        RequestKind.Ping => first != Nil,
        RequestKind.FindNode => first is > EmptyArray and <= 0x9F or 0xDC || (first == EmptyArray && !hasContacts),
        RequestKind.FindValue => first == MapOfOne,
        _ => first == True,
    };
}

/// <summary>A request of one kind, ready but for its ids.</summary>
/// <param name="Kind">What it asks.</param>
/// <param name="Bytes">The datagram with the marks in it, at most <see cref="MaxLength"/> bytes.</param>
/// <param name="IsExpected">Whether an answer, the whole datagram, is what was asked for: a value that is found, a STORE that is taken.</param>
internal sealed record RequestTemplate(RequestKind Kind, byte[] Bytes, Func<ReadOnlySpan<byte>, bool> IsExpected)
{
    public const int MaxLength = 256;

    public const int ValueLength = 64;

    public static byte[] IdMark { get; } = NodeId.FromKey("message").ToByteArray();

    public static NodeId SenderMark { get; } = NodeId.FromKey("sender");

    public static NodeId KeyMark { get; } = NodeId.FromKey("key");

    public static byte[] ValueMark { get; } = [.. Enumerable.Repeat((byte)0x5A, ValueLength)];

    public int IdAt { get; } = Bytes.AsSpan().IndexOf(IdMark);

    public int SenderAt { get; } = Bytes.AsSpan().IndexOf(SenderMark.ToByteArray());

    /// <summary>Where the key or target is; -1 where there is none.</summary>
    public int KeyAt { get; } = Bytes.AsSpan().IndexOf(KeyMark.ToByteArray());

    /// <summary>Where the value is; -1 where there is none.</summary>
    public int ValueAt { get; } = Bytes.AsSpan().IndexOf(ValueMark);
}
