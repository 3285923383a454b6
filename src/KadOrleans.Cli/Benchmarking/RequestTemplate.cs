using KadOrleans.Core;
using KadOrleans.Core.Values;
using KadOrleans.Wire;

namespace KadOrleans.Cli.Benchmarking;

/// <summary>A request of one kind, ready but for its ids.</summary>
internal sealed class RequestTemplate
{
    /// <summary>No template is longer.</summary>
    public const int MaxLength = 256;

    /// <summary>Bytes of the values that are stored.</summary>
    public const int ValueLength = 64;

    private static readonly NodeId SenderMark = NodeId.FromKey("sender");
    private static readonly NodeId KeyMark = NodeId.FromKey("key");

    private static readonly byte[] ValueMark = [.. Enumerable.Repeat((byte)0x5A, ValueLength)];

    private RequestTemplate(RequestKind kind, Func<byte[], int> write)
    {
        var buffer = new byte[Datagram.MaxLength];
        Kind = kind;
        Bytes = buffer[..write(buffer)];
        SenderAt = Bytes.AsSpan().IndexOf(SenderMark.ToByteArray());
        KeyAt = Bytes.AsSpan().IndexOf(KeyMark.ToByteArray());
        ValueAt = Bytes.AsSpan().IndexOf(ValueMark);
    }

    public RequestKind Kind { get; }

    public byte[] Bytes { get; }

    /// <summary>Where the sender's id is.</summary>
    public int SenderAt { get; }

    /// <summary>Where the key or target is; -1 where there is none.</summary>
    public int KeyAt { get; }

    /// <summary>Where the value is; -1 where there is none.</summary>
    public int ValueAt { get; }

    /// <summary>One round of an operation: a template per request.</summary>
    public static RequestTemplate[] Of(BenchOperation operation) => operation switch
    {
        BenchOperation.Ping => [Create(RequestKind.Ping)],
        BenchOperation.FindNode => [Create(RequestKind.FindNode)],
        BenchOperation.FindValue => [Create(RequestKind.FindValue)],
        BenchOperation.Store => [Create(RequestKind.Store)],
        _ => CreateMix(),
    };

    /// <summary>Whether an answer's first byte of body is that of the answer expected: a value that is found, a STORE that is taken.</summary>
    public bool IsExpected(byte first) => Kind switch
    {
        RequestKind.FindNode => first is >= 0x90 and <= 0x9F or 0xDC,
        RequestKind.FindValue => first == 0x81,
        RequestKind.Store => first == 0xC3,
        _ => true,
    };

    private static RequestTemplate[] CreateMix()
    {
        var (ping, store) = (Create(RequestKind.Ping), Create(RequestKind.Store));
        var (node, value) = (Create(RequestKind.FindNode), Create(RequestKind.FindValue));
        return [node, value, ping, node, value, store, node, value, ping, node];
    }

    private static RequestTemplate Create(RequestKind kind) => new(kind, buffer => kind switch
    {
        RequestKind.Ping => RequestWriter.WritePing(buffer, default, new PingRequest(SenderMark)),
        RequestKind.FindNode => RequestWriter.WriteFindNode(buffer, default, new FindNodeRequest(SenderMark, KeyMark)),
        RequestKind.FindValue => RequestWriter.WriteFindValue(buffer, default, new FindValueRequest(SenderMark, KeyMark)),
        _ => WriteStore(buffer),
    });

    private static int WriteStore(byte[] buffer)
    {
        var value = DhtValue.FromBytes(ValueMark);
        RequestWriter.TryWriteStore(buffer, default, new StoreRequest(SenderMark, KeyMark, value), out var length);
        return length;
    }
}
