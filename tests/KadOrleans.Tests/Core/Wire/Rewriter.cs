namespace KadOrleans.Tests.Core;

/// <summary>Writes a decoded request as we would have sent it.</summary>
internal static class Rewriter
{
    public static byte[] Write(MessageId id, Request request)
    {
        var buffer = new byte[Datagram.MaxLength];
        var length = request.Kind switch
        {
            RequestKind.Ping => RequestWriter.WritePing(buffer, id, request.AsPing()),
            RequestKind.Stun => RequestWriter.WriteStun(buffer, id),
            RequestKind.FindNode => RequestWriter.WriteFindNode(buffer, id, request.AsFindNode()),
            RequestKind.FindValue => RequestWriter.WriteFindValue(buffer, id, request.AsFindValue()),
            _ => RequestWriter.TryWriteStore(buffer, id, request.AsStore(), out var stored) ? stored : 0,
        };
        return buffer[..length];
    }
}
