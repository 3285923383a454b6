using KadOrleans.Core.Values;
using KadOrleans.Wire;

namespace KadOrleans.Lab.Benchmarking;

/// <summary>The requests of this network, as clients and nodes write them.</summary>
internal static class KademliaRequests
{
    private const byte Nil = 0xC0;
    private const byte True = 0xC3;
    private const byte EmptyArray = 0x90;
    private const byte MapOfOne = 0x81;

    /// <summary>One round of an operation: a template per request.</summary>
    /// <param name="operation">The operation.</param>
    /// <param name="hasContacts">Whether the target has contacts, so that an answer without any is not as expected.</param>
    public static RequestTemplate[] Of(BenchOperation operation, bool hasContacts) => operation switch
    {
        BenchOperation.Ping => [Create(RequestKind.Ping, hasContacts)],
        BenchOperation.FindNode => [Create(RequestKind.FindNode, hasContacts)],
        BenchOperation.FindValue => [Create(RequestKind.FindValue, hasContacts)],
        BenchOperation.FindMissing => [Create(RequestKind.FindValue, hasContacts, RequestKind.FindNode)],
        BenchOperation.Store or BenchOperation.StoreNew => [Create(RequestKind.Store, hasContacts)],
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
        var buffer = new byte[Datagram.MaxLength];
        var (id, sender, key) = (new MessageId(RequestTemplate.IdMark), RequestTemplate.SenderMark, RequestTemplate.KeyMark);
        var length = kind switch
        {
            RequestKind.Ping => RequestWriter.WritePing(buffer, id, new PingRequest(sender)),
            RequestKind.FindNode => RequestWriter.WriteFindNode(buffer, id, new FindNodeRequest(sender, key)),
            RequestKind.FindValue => RequestWriter.WriteFindValue(buffer, id, new FindValueRequest(sender, key)),
            _ => WriteStore(buffer),
        };
        return new RequestTemplate(kind, buffer[..length], answer => IsExpected(answered ?? kind, answer[Datagram.HeaderLength], hasContacts));
    }

    // The first byte of the body tells: an id, an array, a map that has a value, true. A client pongs nil.
    private static bool IsExpected(RequestKind kind, byte first, bool hasContacts) => kind switch
    {
        RequestKind.Ping => first != Nil,
        RequestKind.FindNode => first is > EmptyArray and <= 0x9F or 0xDC || (first == EmptyArray && !hasContacts),
        RequestKind.FindValue => first == MapOfOne,
        _ => first == True,
    };

    private static int WriteStore(byte[] buffer)
    {
        var value = DhtValue.FromBytes(RequestTemplate.ValueMark);
        RequestWriter.TryWriteStore(
            buffer, new MessageId(RequestTemplate.IdMark), new StoreRequest(RequestTemplate.SenderMark, RequestTemplate.KeyMark, value), out var length);
        return length;
    }
}
