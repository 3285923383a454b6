namespace KadOrleans.Lab;

/// <summary>What requests are sent to.</summary>
internal sealed record LoadTarget(string Name, UdpEndpoint Endpoint, LoadProtocol Protocol, NodeId[] Senders)
{
    /// <summary>Its process, if that is ours: then processor time, memory and collections can be known.</summary>
    public ChildCommand? Process { get; init; }

    public LoadResult Result { get; init; } = new();

    /// <summary>Whether it is asked from <see cref="LoopbackSources"/>; else from where the system chooses.</summary>
    public bool IsLocal => Endpoint.IsLoopback;

    public static LoadTarget Echo(string name, ChildCommand process, int sources) =>
        new(name, process.Endpoint, new PeerResponder([]), [.. Enumerable.Repeat(DhtNode.ClientId, sources)]) { Process = process };
}

/// <summary>What a load must know of the protocol of its target. Message ids have 20 bytes. Used by one thread.</summary>
internal abstract class LoadProtocol
{
    private readonly HashSet<int> _pinged = [];
    private int _sourcesPinged;

    /// <summary>Sources that the target has pinged by now; any thread may read it.</summary>
    public int SourcesPinged => Volatile.Read(ref _sourcesPinged);

    public abstract RequestTemplate[] RoundOf(BenchOperation operation);

    /// <summary>Where the message id of an answer begins; -1 if the datagram is none.</summary>
    public abstract int FindAnswer(ReadOnlySpan<byte> datagram);

    public abstract ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> request, int source);

    protected void OnPinged(int source)
    {
        if (_pinged.Add(source))
        {
            Volatile.Write(ref _sourcesPinged, _pinged.Count);
        }
    }
}

/// <summary>
/// What the sources answer when the target asks them: their ids, no contacts, and that they took a value. So they become
/// proven addresses, and contacts where they have ids of their own.
/// </summary>
/// <param name="ids">The id of each source; a client's is answered for with none.</param>
internal sealed class PeerResponder(NodeId[] ids) : LoadProtocol
{
    private readonly byte[] _buffer = new byte[Datagram.MaxLength];
    private readonly bool _hasContacts = Array.Exists(ids, id => id != DhtNode.ClientId);

    public override RequestTemplate[] RoundOf(BenchOperation operation) => KademliaRequests.Of(operation, _hasContacts);

    public override int FindAnswer(ReadOnlySpan<byte> datagram) =>
        datagram.Length > Datagram.HeaderLength && datagram[0] == (byte)DatagramKind.Response ? Datagram.IdOffset : -1;

    public override ReadOnlySpan<byte> Answer(ReadOnlySpan<byte> request, int source)
    {
        if (source < 0 || source >= ids.Length
            || !Datagram.TryReadHeader(request, out _, out var id, out var body)
            || !Request.TryDecode(body, out var decoded))
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
        OnPinged(source);
        return ids[source] == DhtNode.ClientId
            ? ResponseWriter.WriteEmptyPong(_buffer, id)
            : ResponseWriter.WritePong(_buffer, id, ids[source]);
    }
}
