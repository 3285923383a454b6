using KadOrleans.Core;
using KadOrleans.Node;
using KadOrleans.Wire;

namespace KadOrleans.Cli.Benchmarking;

/// <summary>
/// What the sources answer when the target asks them: their ids, no contacts, and that they took a value. So they become
/// proven addresses, and contacts where they have ids of their own.
/// </summary>
/// <param name="ids">The id of each source; a client's is answered for with none.</param>
internal sealed class PeerResponder(NodeId[] ids)
{
    private readonly byte[] _buffer = new byte[Datagram.MaxLength];
    private readonly HashSet<int> _pinged = [];
    private int _sourcesPinged;

    /// <summary>Sources that were pinged by now.</summary>
    public int SourcesPinged => Volatile.Read(ref _sourcesPinged);

    /// <summary>The answer to a request; empty where there is none.</summary>
    /// <param name="datagram">The request.</param>
    /// <param name="source">Index of the source that was asked.</param>
    public ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> datagram, int source)
    {
        if (source < 0 || source >= ids.Length
            || !Datagram.TryReadHeader(datagram, out _, out var id, out var body, out _)
            || !Request.TryDecode(body, out var request, out _))
        {
            return [];
        }

        var length = request.Kind switch
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
