using KadOrleans.Core;
using KadOrleans.Node;
using KadOrleans.Wire;

namespace KadOrleans.Lab.Benchmarking;

/// <summary>
/// What the sources answer when the target asks them: their ids, no contacts, and that they took a value. So they become
/// proven addresses, and contacts where they have ids of their own.
/// </summary>
/// <param name="ids">The id of each source; a client's is answered for with none.</param>
internal sealed class PeerResponder(NodeId[] ids) : ILoadProtocol
{
    private readonly byte[] _buffer = new byte[Datagram.MaxLength];
    private readonly HashSet<int> _pinged = [];
    private readonly bool _hasContacts = Array.Exists(ids, id => id != DhtNode.ClientId);
    private int _sourcesPinged;

    public int SourcesPinged => Volatile.Read(ref _sourcesPinged);

    public RequestTemplate[] RoundOf(BenchOperation operation) => KademliaRequests.Of(operation, _hasContacts);

    public int FindAnswer(ReadOnlySpan<byte> datagram) =>
        datagram.Length > Datagram.HeaderLength && datagram[0] == (byte)DatagramKind.Response ? Datagram.IdOffset : -1;

    public ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> request, int source)
    {
        if (source < 0 || source >= ids.Length
            || !Datagram.TryReadHeader(request, out _, out var id, out var body, out _)
            || !Request.TryDecode(body, out var decoded, out _))
        {
            return [];
        }

        var length = decoded.Kind switch
        {
            RequestKind.Ping => Ping(id, source),
            RequestKind.Store => ResponseWriter.WriteStored(_buffer, id, stored: true),
            RequestKind.FindNode or RequestKind.FindValue => ResponseWriter.WriteNodes(_buffer, id, []),
            _ => 0,
        };
        return _buffer.AsSpan(0, length);
    }

    private int Ping(MessageId id, int source)
    {
        if (_pinged.Add(source))
        {
            Volatile.Write(ref _sourcesPinged, _pinged.Count);
        }

        return ids[source] == DhtNode.ClientId
            ? ResponseWriter.WriteEmptyPong(_buffer, id)
            : ResponseWriter.WritePong(_buffer, id, ids[source]);
    }
}
